// Checks a log of ours with code that is not ours: golang.org/x/mod's sumdb/note and sumdb/tlog.
//
//	go run . FOLDER
//
// FOLDER holds a log as C2SP tlog-tiles (checkpoint, tile/…) and questions.json: the keys, and proofs
// that our code made. Every entry, tile and proof is checked; the first that does not hold ends it.
package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type inclusion struct {
	Index, Size int64
	Path        [][]byte
	Root        []byte
}

type consistency struct {
	Old, New         int64
	Path             [][]byte
	OldRoot, NewRoot []byte
}

type questions struct {
	Log         string
	Witnesses   []string
	Inclusion   []inclusion
	Consistency []consistency
}

func main() {
	if len(os.Args) != 2 {
		fail("usage: go run . FOLDER")
	}
	folder := os.Args[1]
	var asked questions
	must(json.Unmarshal(read(folder, "questions.json"), &asked))

	tree, cosigned := openCheckpoint(folder, asked)
	// It checks each tile against the tree's root, up from the tile, before anything is taken from it.
	hashes := tlog.TileHashReader(tree, tiles{folder})
	entries := readEntries(folder, tree.N)
	leaves := make([]tlog.Hash, tree.N)
	for at, entry := range entries {
		leaves[at] = tlog.RecordHash(entry)
		stored, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, int64(at))})
		must(err)
		if stored[0] != leaves[at] {
			fail("entry %d is not what tile 0 commits", at)
		}
	}
	for at := int64(0); at < tree.N; at += 37 {
		proof, err := tlog.ProveRecord(tree.N, at, hashes)
		must(err)
		must(tlog.CheckRecord(proof, tree.N, tree.Hash, at, leaves[at]))
	}
	for _, ours := range asked.Inclusion {
		must(tlog.CheckRecord(toHashes(ours.Path), ours.Size, toHash(ours.Root), ours.Index, leaves[ours.Index]))
	}
	for _, ours := range asked.Consistency {
		must(tlog.CheckTree(toHashes(ours.Path), ours.New, toHash(ours.NewRoot), ours.Old, toHash(ours.OldRoot)))
		theirs, err := tlog.TreeHash(ours.Old, hashes)
		must(err)
		if theirs != toHash(ours.OldRoot) {
			fail("the root at %d is another", ours.Old)
		}
	}
	fmt.Printf(`{"size":%d,"cosigned":%d,"inclusion":%d,"consistency":%d}`+"\n",
		tree.N, cosigned, len(asked.Inclusion), len(asked.Consistency))
}

// openCheckpoint verifies the note, by the log's key and the witnesses', and reads its text.
func openCheckpoint(folder string, asked questions) (tlog.Tree, int) {
	log, err := note.NewVerifier(asked.Log)
	must(err)
	verifiers := []note.Verifier{log}
	for _, vkey := range asked.Witnesses {
		verifiers = append(verifiers, newCosigner(vkey))
	}
	opened, err := note.Open(read(folder, "checkpoint"), note.VerifierList(verifiers...))
	must(err)
	cosigned := 0
	byLog := false
	for _, signature := range opened.Sigs {
		if signature.Name == log.Name() {
			byLog = true
		} else {
			cosigned++
		}
	}
	lines := strings.Split(opened.Text, "\n")
	if !byLog || len(lines) != 4 || lines[0] != log.Name() {
		fail("the checkpoint is not the log's: %q", opened.Text)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	root, err := base64.StdEncoding.DecodeString(lines[2])
	must(err)
	return tlog.Tree{N: size, Hash: toHash(root)}, cosigned
}

// cosigner verifies cosignature/v1 (c2sp.org/tlog-cosignature), which package note leaves to its users.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func newCosigner(vkey string) cosigner {
	parts := strings.SplitN(vkey, "+", 3)
	hash, err := strconv.ParseUint(parts[1], 16, 32)
	must(err)
	key, err := base64.StdEncoding.DecodeString(parts[2])
	must(err)
	if len(key) != 33 || key[0] != 4 {
		fail("no cosignature/v1 key: %s", vkey)
	}
	return cosigner{parts[0], uint32(hash), key[1:]}
}

func (c cosigner) Name() string    { return c.name }
func (c cosigner) KeyHash() uint32 { return c.hash }
func (c cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 72 {
		return false
	}
	text := fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(sig), msg)
	return ed25519.Verify(c.key, []byte(text), sig[8:])
}

// tiles reads tiles of height 8; C2SP leaves the height out of the path.
type tiles struct{ folder string }

func (tiles) Height() int                     { return 8 }
func (tiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (t tiles) ReadTiles(asked []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range asked {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, err := os.ReadFile(filepath.Join(t.folder, path))
		if err != nil {
			return nil, err
		}
		found = append(found, data)
	}
	return found, nil
}

// readEntries reads the entry bundles (c2sp.org/tlog-tiles): 256 entries each, after their lengths in two bytes.
func readEntries(folder string, size int64) [][]byte {
	var entries [][]byte
	for first := int64(0); first < size; first += 256 {
		tile := tlog.Tile{H: 8, L: 0, N: first / 256, W: int(min(256, size-first))}
		data := read(folder, strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1))
		for range tile.W {
			length := int(binary.BigEndian.Uint16(data))
			entries = append(entries, data[2:2+length])
			data = data[2+length:]
		}
		if len(data) != 0 {
			fail("bytes are left in a bundle")
		}
	}
	return entries
}

func toHashes(path [][]byte) []tlog.Hash {
	hashes := make([]tlog.Hash, len(path))
	for at, hash := range path {
		hashes[at] = toHash(hash)
	}
	return hashes
}

func toHash(data []byte) (hash tlog.Hash) {
	if len(data) != len(hash) {
		fail("a hash of %d bytes", len(data))
	}
	copy(hash[:], data)
	return hash
}

func read(folder, path string) []byte {
	data, err := os.ReadFile(filepath.Join(folder, path))
	must(err)
	return data
}

func must(err error) {
	if err != nil {
		fail("%v", err)
	}
}

func fail(format string, values ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", values...)
	os.Exit(1)
}

// Compiles the contracts to ../anchoring/artifacts, or to the folder given. The same sources give the same bytes on
// every machine: compiler and libraries are pinned by package-lock.json, and no path of the machine enters.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const solc = createRequire(import.meta.url)("solc");

const CONTRACTS = ["CredentialAnchor", "ConsortiumRegistry"];

const SETTINGS = {
  // Later forks bring PUSH0 (Shanghai) and MCOPY (Cancun): a few gas less here, and a contract that does not run on
  // consortium chains which upgrade late. OpenZeppelin 5.4 and later need MCOPY, hence 5.3.
  evmVersion: "paris",
  // Deployed once per consortium and chain, called for decades: the price of a call counts, that of deployment does not.
  optimizer: { enabled: true, runs: 1_000_000 },
  // The code ends with the CID of its metadata, which names the hash of every source: whoever has the code on chain
  // can tell whether a given source is the one it was made of.
  metadata: { bytecodeHash: "ipfs", useLiteralContent: false },
};

const OUTPUT = [
  "abi",
  "metadata",
  "evm.bytecode.object",
  "evm.deployedBytecode.object",
  "evm.deployedBytecode.immutableReferences",
];

const sources = {};

// "src/…" is ours, "@openzeppelin/…" comes from node_modules; the names enter the metadata, the folders do not.
function load(name) {
  const content = readFileSync(join(here, name.startsWith("src/") ? "" : "node_modules", name), "utf8");
  sources[name] = { content };
  return { contents: content };
}

function compile() {
  CONTRACTS.forEach((name) => load(`src/${name}.sol`));
  const input = {
    language: "Solidity",
    sources: { ...sources },
    settings: { ...SETTINGS, outputSelection: { "*": { "*": OUTPUT } } },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: load }));
  // In our own sources a warning stops the build; OpenZeppelin's are of words that a later language will reserve.
  const complaints = (output.errors ?? []).filter(
    ({ severity, sourceLocation }) => severity === "error" || !sourceLocation?.file.startsWith("@"),
  );
  if (complaints.length > 0) {
    throw new Error(complaints.map(({ formattedMessage }) => formattedMessage).join("\n"));
  }
  return output.contracts;
}

function artifact(name, compiled) {
  const metadata = JSON.parse(compiled.metadata);
  const used = Object.keys(metadata.sources).sort();
  return {
    contractName: name,
    sourceName: `src/${name}.sol`,
    compiler: solc.version(),
    settings: SETTINGS,
    sources: Object.fromEntries(
      used.map((source) => [source, createHash("sha256").update(sources[source].content).digest("hex")]),
    ),
    abi: compiled.abi,
    bytecode: "0x" + compiled.evm.bytecode.object,
    deployedBytecode: "0x" + compiled.evm.deployedBytecode.object,
    // Where the constructor writes what only it knows; compare code on chain with these bytes left out. The keys are
    // the compiler's node numbers and say nothing.
    immutableReferences: Object.values(compiled.evm.deployedBytecode.immutableReferences)
      .flat()
      .sort((a, b) => a.start - b.start),
    metadata: compiled.metadata,
  };
}

const out = resolve(process.argv[2] ?? join(here, "../anchoring/artifacts"));
const contracts = compile();
mkdirSync(out, { recursive: true });
for (const name of CONTRACTS) {
  const text = JSON.stringify(artifact(name, contracts[`src/${name}.sol`][name]), null, 2) + "\n";
  writeFileSync(join(out, `${name}.json`), text);
  console.log(`${name}: ${createHash("sha256").update(text).digest("hex")}`);
}

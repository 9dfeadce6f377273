// Credentials, checked by Digital Bazaar's libraries: VC 2.0's rules by @digitalbazaar/vc, the proof by their
// eddsa-jcs-2022 suite, and every term by jsonld, which in safe mode refuses what no context defines.
// One line of JSON for each file; exit code 1 where one is not accepted.
//   node check.mjs CONTEXTS CREDENTIAL...    CONTEXTS: the folder of the standards' contexts
import {readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {createVerifyCryptosuite} from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import {verifyCredential} from '@digitalbazaar/vc';
import jsonld from 'jsonld';

const CONTEXTS = {
  'https://www.w3.org/ns/credentials/v2': '1edtech-validator/credentials-v2.jsonld',
  'https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json': '1edtech-ob-spec/context-3.0.3.json',
};
const [folder, ...files] = process.argv.slice(2);

// Whatever would ask a network ends here; the libraries have loaders of their own.
globalThis.fetch = async url => { throw new Error(`the network is forbidden here: ${url}`); };

async function documentLoader(url) {
  const document = url.startsWith('did:key:') ? didDocument(url) : await context(url);
  return {contextUrl: null, documentUrl: url, document};
}

async function context(url) {
  if(!Object.hasOwn(CONTEXTS, url)) {
    throw new Error(`not among the contexts given: ${url}`);
  }
  return JSON.parse(await readFile(join(folder, CONTEXTS[url]), 'utf8'));
}

// A did:key is its own document (did:key method, section 2); its fragment names the one key in it.
function didDocument(url) {
  const [did, fragment] = url.split('#');
  const publicKeyMultibase = did.slice('did:key:'.length);
  const id = `${did}#${publicKeyMultibase}`;
  const key = {
    '@context': 'https://w3id.org/security/multikey/v1', id, type: 'Multikey', controller: did, publicKeyMultibase,
  };
  if(fragment === publicKeyMultibase) {
    return key;
  }
  return {
    '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'],
    id: did, verificationMethod: [key], assertionMethod: [id],
  };
}

for(const file of files) {
  const credential = JSON.parse(await readFile(file, 'utf8'));
  const suite = new DataIntegrityProof({cryptosuite: createVerifyCryptosuite()});
  const {verified, error} = await verifyCredential({credential, suite, documentLoader});
  const errors = (error?.errors ?? (error ? [error] : [])).map(each => each.message);
  try {
    await jsonld.expand(credential, {documentLoader, safe: true});
  } catch(undefinedTerm) {
    errors.push(`${undefinedTerm.message} ${JSON.stringify(undefinedTerm.details?.event?.details ?? {})}`);
  }
  const accepted = verified && errors.length === 0;
  console.log(JSON.stringify({file, accepted, errors}));
  process.exitCode ||= accepted ? 0 : 1;
}

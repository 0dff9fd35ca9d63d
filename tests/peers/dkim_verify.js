// Verifies the DKIM signatures of messages with mailauth. Input and output as those of dkim_verify.py.
'use strict';
const { dkimVerify } = require('mailauth/lib/dkim/verify');

async function main() {
  const lines = require('fs').readFileSync(0, 'utf8').trim().split('\n');
  const records = JSON.parse(lines.shift());
  const resolver = async (name, type) => {
    if (type === 'TXT' && records[name]) return [[records[name]]];
    throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
  };
  for (const [index, line] of lines.entries()) {
    const { results } = await dkimVerify(Buffer.from(line, 'base64'), { resolver, minBitLength: 2048 });
    const said = results.map((result) => `${result.algo} ${result.status.result}`).sort();
    if (said.join() !== 'ed25519-sha256 pass,rsa-sha256 pass') {
      throw new Error(`message ${index + 1}: ${said} ${JSON.stringify(results)}`);
    }
    for (const { signingDomain, status, canonBodyLength, canonBodyLengthLimited } of results) {
      if (signingDomain !== 'example.org' || status.aligned !== 'example.org' || canonBodyLengthLimited) {
        throw new Error(`message ${index + 1}: ${signingDomain} ${JSON.stringify(status)} ${canonBodyLength}`);
      }
    }
  }
  console.log(lines.length);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCommand } from '../vcsim/run-command.ts'

/** What is right or wrong with a server's certificate. */
export type CertificateKind = 'good' | 'expired' | 'wrongName'

export interface ServerCertificate {
  readonly certificate: string
  readonly key: string
}

/** A private certificate authority, as PEM. */
export interface Authority {
  readonly certificate: string
  readonly key: string
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc']

async function inTemporaryDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'vmunit-certificates-'))
  try {
    return await work(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** Makes a private certificate authority, valid for a year. */
export async function createAuthority(name = 'vmunit testbed'): Promise<Authority> {
  return await inTemporaryDirectory(async (directory) => {
    const [key, certificate] = [join(directory, 'ca.key'), join(directory, 'ca.pem')]
    const extensions = ['-addext', 'keyUsage=critical,keyCertSign,cRLSign']
    const names = ['-subj', `/CN=${name}`, '-days', '365', '-keyout', key, '-out', certificate]
    await runCommand('openssl', ['req', '-x509', ...newKey, ...names, ...extensions])
    return { certificate: await readFile(certificate, 'utf8'), key: await readFile(key, 'utf8') }
  })
}

/** Issues a certificate for a server on the loopback interface, or one that a client must refuse. */
export async function issueCertificate(
  authority: Authority,
  kind: CertificateKind = 'good',
): Promise<ServerCertificate> {
  return await inTemporaryDirectory(async (directory) => {
    const path = (name: string): string => join(directory, name)
    await writeFile(path('ca.pem'), authority.certificate)
    await writeFile(path('ca.key'), authority.key, { mode: 0o600 })
    const names = kind === 'wrongName' ? 'DNS:elsewhere.invalid' : 'IP:127.0.0.1,DNS:localhost'
    const extensions = `subjectAltName=${names}\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n`
    await writeFile(path('extensions'), extensions)
    const request = ['-subj', '/CN=vcenter', '-keyout', path('key'), '-out', path('request')]
    await runCommand('openssl', ['req', '-new', ...newKey, ...request])
    // With no days it ends in the second in which it begins. OpenSSL 3.5 takes no negative number, 3.0 no dates.
    const days = kind === 'expired' ? '0' : '365'
    const signer = ['-CA', path('ca.pem'), '-CAkey', path('ca.key'), '-CAcreateserial', '-days', days]
    const files = ['-in', path('request'), '-extfile', path('extensions'), '-out', path('certificate')]
    await runCommand('openssl', ['x509', '-req', ...signer, ...files])
    return { certificate: await readFile(path('certificate'), 'utf8'), key: await readFile(path('key'), 'utf8') }
  })
}

import { BALANCER, type Files, GOOD, tierFile, VERSION } from './definition-directory.ts'
import { zipOf } from './zip.ts'

export interface MalformedDefinition {
  readonly name: string
  /** The row of spec 3.9 that it is about. */
  readonly row: 3 | 4
  /** Put over a definition directory with nothing wrong. */
  readonly files: Files
}

/** Definition directories that are refused, with everything that is wrong at once where that is the point. */
export const MALFORMED: readonly MalformedDefinition[] = [
  { name: 'a file at the top', row: 3, files: { 'README.md': 'Read me.' } },
  { name: 'no tier.properties', row: 3, files: { 'web/tier.properties': undefined } },
  { name: 'no version.properties', row: 3, files: { 'web/version.properties': undefined } },
  { name: 'no tierlb.properties', row: 3, files: { 'ap/tier.properties': `${tierFile('j2ee-tier')}${own()}` } },
  {
    name: 'a wrong tier identifier',
    row: 3,
    files: { '業務/tier.properties': '', '業務/version.properties': VERSION },
  },
  { name: 'a directory of version 08-70', row: 3, files: { 'vmi/unit.properties': 'lb.use=' } },
  { name: 'an http-tier alone', row: 3, files: { 'ap/tier.properties': tierFile('combined-tier') } },
  { name: 'a hook for Windows', row: 3, files: { 'hook/pre-setup.bat': '@echo off' } },
  { name: 'an application without cosminexus.xml', row: 3, files: { 'ap/app/new.ear': zipOf([{ name: 'a' }]) } },
  { name: 'a WAR', row: 4, files: { 'ap/app/shop.war': zipOf([{ name: 'WEB-INF/web.xml' }]) } },
  { name: 'a text named EAR', row: 4, files: { 'ap/app/shop.ear': 'shop' } },
  { name: 'an EAR that was cut off', row: 4, files: { 'ap/app/shop.ear': cut() } },
  {
    name: 'an EAR that unpacks elsewhere',
    row: 4,
    files: { 'ap/app/shop.ear': zipOf([{ name: '../../etc/cron.d/a' }]) },
  },
  { name: 'a cosminexus.xml that is not closed', row: 4, files: { [attributes()]: '<cosminexus-app>\n<ejb-jar>\n' } },
  { name: 'a version of another generation', row: 4, files: { 'web/version.properties': VERSION.replace('09', '08') } },
  {
    name: 'a value out of range',
    row: 4,
    files: { 'web/tier.properties': `${tierFile('http-tier')}start.order=10000` },
  },
  { name: 'a Windows guest', row: 4, files: { 'web/tier.properties': `${tierFile('http-tier')}os=windows` } },
  { name: 'a tier of another kind', row: 4, files: { 'web/tier.properties': tierFile('free-tier') } },
  {
    name: 'another load balancer',
    row: 4,
    files: { 'web/tierlb.properties': BALANCER.replace('ACOS', 'HAProxy').replace('lb.user=admin\n', '') },
  },
  {
    name: 'everything at once',
    row: 4,
    files: {
      'notes.txt': '',
      'web/tier.properties': 'tier.type=http\nos=mac\n',
      'web/version.properties': '',
      'ap/app/shop.jar': '',
      'ap/app/shop.ear': 'x',
      'hook/post-setup': '',
    },
  },
]

function own(): string {
  return 'lb.use=:unit:\nlb.virtualserver.name=front\nlb.virtualserver.port=80\n'
}

function attributes(): string {
  return 'ap/config/Cosminexus/shop/META-INF/cosminexus.xml'
}

function cut(): Uint8Array {
  return (GOOD['ap/app/shop.ear'] as Buffer).subarray(0, 100)
}

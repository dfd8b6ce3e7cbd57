export { connectVsphere } from './connect-vsphere.ts'
export type {
  VsphereConnection,
  VsphereLimits,
  VsphereNetwork,
  VsphereOptions,
  VspherePlacement,
  VsphereSettings,
} from './options.ts'
export type { Secret } from './session/credentials.ts'
export type { OwnSession, SendOptions, Transport, VimAnswer, VimRequest } from './transport/transport.ts'
export type { VsphereDriver } from './vsphere-driver.ts'

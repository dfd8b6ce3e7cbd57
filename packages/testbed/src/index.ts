export { buildBaseRoot } from './base-root/build-base-root.ts'
export { type Authority, type CertificateKind, createAuthority, issueCertificate } from './certificates/certificates.ts'
export { createGuestHost, type GuestHost, type GuestHostOptions, type GuestState } from './guests/guest-host.ts'
export type { GuestSettings } from './guests/guest-settings.ts'
export type { HostAgent } from './host-agent/host-agent.ts'
export type { MachineToProvide, Provider, TemplateToProvide } from './host-agent/provider.ts'
export { claimInstance, type Instance } from './instance/claim-instance.ts'
export { type Asked, askService } from './prober/ask-service.ts'
export {
  type ProbedGroup,
  type ProbeReport,
  type Prober,
  type ProberOptions,
  startProber,
} from './prober/start-prober.ts'
export { isAlive, type ProcessIdentity } from './processes/process-identity.ts'
export type { Call, CallFilter, CallLog } from './proxy/call-log.ts'
export type { ExtraConfig } from './proxy/extra-config.ts'
export type { FaultEffect, FaultRule } from './proxy/fault-rules.ts'
export type { ExpiryMode } from './proxy/sessions.ts'
export type { Proxy } from './proxy/start-proxy.ts'
export { ensureRequirements } from './requirements/ensure-requirements.ts'
export { ensureVcsim } from './requirements/ensure-vcsim.ts'
export { seededRandom } from './seeded-random.ts'
export { startTestbed, type Testbed, type TestbedOptions, type TestbedSsh } from './testbed.ts'
export type { AdminMachine } from './vcenter/admin-machine.ts'
export { startVcenter, type Vcenter, type VcenterOptions } from './vcenter/start-vcenter.ts'
export type { NewMachine, VcenterAdmin } from './vcenter/vcenter-admin.ts'
export { availableVcsims, type BuildVcsimOptions, type BuiltVcsim, buildVcsim } from './vcsim/build-vcsim.ts'
export { GOVMOMI_SOURCES } from './vcsim/govmomi-source.ts'
export { type RunningVcsim, type StartVcsimOptions, startVcsim } from './vcsim/start-vcsim.ts'
export { defaultStateDirectory } from './vcsim/state-directory.ts'
export { startWsdlFront, type WsdlFront, type WsdlFrontOptions } from './wsdl-front/start-wsdl-front.ts'

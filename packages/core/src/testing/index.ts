export type { AddressPoolLab, AddressPoolRule, LabNetwork } from './contract/address-pool-lab.ts'
export { ADDRESS_POOL_RULES, testAddressPool } from './contract/address-pool-rules.ts'
export type { BalancerLab, BalancerRule } from './contract/balancer-lab.ts'
export { BALANCER_RULES, testLoadBalancer } from './contract/balancer-rules.ts'
export type { ContractRule, Lab } from './contract/contract-rule.ts'
export type { GuestCommands, GuestLab, GuestRule, LabArgv } from './contract/guest-lab.ts'
export { GUEST_RULES, testGuestAccess } from './contract/guest-rules.ts'
export type { HypervisorLab, HypervisorRule } from './contract/hypervisor-lab.ts'
export { HYPERVISOR_RULES, testHypervisorDriver } from './contract/hypervisor-rules.ts'
export { posixCommands } from './contract/posix-commands.ts'
export type { ContractOptions, ContractRunner, KnownFailure } from './contract/register-rules.ts'
export type { LostRecord, StoreLab, StoreRule } from './contract/store-lab.ts'
export { STORE_RULES, testStateStore } from './contract/store-rules.ts'
export { type ManualClock, manualClock } from './manual-clock.ts'
export { type VirtualClockOptions, virtualClock } from './virtual-clock.ts'
export {
  type AddedImage,
  type AddedMachine,
  type BegunEvent,
  type CallEvent,
  type ConnectWorldOptions,
  connectWorld,
  createWorld,
  type EventHead,
  type FaultEffect,
  type FaultRule,
  type ImageTruth,
  type MachineTruth,
  type PoolTruth,
  type ServingEvent,
  type StartWorldOptions,
  startWorld,
  type World,
  type WorldAdmin,
  type WorldEvent,
  type WorldLatency,
  type WorldOptions,
  type WorldProcess,
  type WorldSettings,
} from './world/index.ts'

export type { NodeVsphereSoapClient, NodeVsphereSoapOptions } from './client.ts'
export { createNodeVsphereSoapTransport } from './create-node-vsphere-soap-transport.ts'

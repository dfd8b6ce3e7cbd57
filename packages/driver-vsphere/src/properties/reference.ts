/** Names a managed object: `{ type: 'VirtualMachine', id: 'vm-42' }`. */
export interface Reference {
  readonly type: string
  readonly id: string
}

/** A reference to a virtual machine. */
export function machineReference(id: string): Reference {
  return { type: 'VirtualMachine', id }
}

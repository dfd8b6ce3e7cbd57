import { VmunitError } from '../errors.ts'
import type { XmlNode } from '../soap/xml-node.ts'
import type { Fault } from './fault.ts'
import { faultMeaning } from './fault-table.ts'

const FAULT: unique symbol = Symbol('fault')

/** A fault as the error that callers get. `what` says what was tried, on which object: `PowerOnVM_Task of vm-42`. */
export function faultError(fault: Fault, what: string): VmunitError {
  const { code, retryable, remedy } = faultMeaning(fault.name)
  const said = fault.message === '' || fault.message === fault.name ? '' : ` (${fault.message})`
  const error = new VmunitError(code, `${what} was refused: ${fault.name}${said}. ${remedy}`, {
    retryable,
    details: { fault: fault.name, ...factsOf(fault.detail) },
  })
  return Object.defineProperty(error, FAULT, { value: fault })
}

/** The fault behind an error of this driver; undefined when another thing went wrong, or another fault. */
export function faultOf(error: unknown, ...names: readonly string[]): Fault | undefined {
  if (!(error instanceof VmunitError && FAULT in error)) return undefined
  const fault = error[FAULT] as Fault
  return names.length === 0 || names.includes(fault.name) ? fault : undefined
}

/** The plain data of a fault. Messages and stacks stay out: they are long, and stand in the log of vCenter. */
function factsOf(detail: XmlNode | undefined): Readonly<Record<string, string>> {
  const facts = detail?.children.filter(({ children, text }) => children.length === 0 && text !== '') ?? []
  return Object.fromEntries(facts.map(({ name, text }) => [name, text]))
}

export { isVmunitError, VmunitError } from '@vmunit/core/errors'

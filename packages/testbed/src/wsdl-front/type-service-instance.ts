/**
 * Adds the type to `_this` of RetrieveServiceContent, which node-vsphere-soap leaves out.
 *
 * vCenter knows the service instance by its name alone, vcsim does not.
 */
export function typeServiceInstance(body: Buffer): Buffer {
  const untyped = /<((?:\w+:)?_this)>ServiceInstance</
  const text = body.toString('latin1')
  return untyped.test(text)
    ? Buffer.from(text.replace(untyped, '<$1 type="ServiceInstance">ServiceInstance<'), 'latin1')
    : body
}

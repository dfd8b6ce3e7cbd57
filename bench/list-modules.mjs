// Preloaded into a process: prints the address of each module that it loads, native ones too.
import { registerHooks } from 'node:module'

registerHooks({
  load(url, context, nextLoad) {
    console.log(url)
    return nextLoad(url, context)
  },
})

const { dlopen } = process
process.dlopen = (module, file, ...rest) => {
  console.log(file)
  return dlopen.call(process, module, file, ...rest)
}

import { isVmunitError } from '../../errors/index.ts'
import type { StepContext } from '../../ports/index.ts'

/** Deletes an image. False when it has to stay: something descends from it, or it is not for us to delete. */
export async function deleteImage(
  { hypervisor, image }: { readonly hypervisor: string; readonly image: string },
  context: StepContext,
): Promise<boolean> {
  try {
    await context.hypervisor(hypervisor).images.remove(image, context)
    return true
  } catch (error) {
    if (isVmunitError(error, 'ERR_CONFLICT') || isVmunitError(error, 'ERR_NOT_OWNED')) return false
    throw error
  }
}

/**
 * The name under which the container knows a tenant: enough to share it fairly and to keep apart what it remembers of
 * prompts, nothing that says who it is.
 */
import { sha256Hex } from '../../../shared/digest.ts'

/** Returns 16 hexadecimal digits: the same for a tenant as long as the secret is the same. */
export async function tenantName(tenantId: string, secret: string | undefined): Promise<string> {
  return (await sha256Hex(`tenant\0${secret ?? ''}\0${tenantId}`)).slice(0, 16)
}

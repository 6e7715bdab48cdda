const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** What base64 stands for; `text` is null where the bytes are no Unicode text. White space in it is ignored, as Kubernetes does with line breaks. */
export function textOfBase64(base64: string): { readonly ok: true; readonly text: string | null } | { readonly ok: false } {
  const plain = base64.replaceAll(/\s/g, "");
  if (!BASE64.test(plain)) return { ok: false };
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.from(plain, "base64"));
    // No column of text holds it.
    return { ok: true, text: text.includes("\0") ? null : text };
  } catch {
    return { ok: true, text: null };
  }
}

import fc from "fast-check";
import { expect, test } from "vitest";
import { isImageReference } from "#server/domain/image-reference.ts";
import { checkContainerName, checkEnvName, checkLabels, checkObjectName, checkPortName } from "#server/domain/names.ts";
import { unstorableText } from "#server/domain/text.ts";

test("an object's name is exactly what the contract says", () => {
  const likely = fc.string({ unit: fc.constantFrom(..."abz09-AZ_. \n"), maxLength: 66 });
  fc.assert(
    fc.property(fc.oneof(likely, fc.string()), (name) => {
      const letters = [...name];
      const good =
        letters.length >= 1 &&
        letters.length <= 63 &&
        letters.every((letter) => "abcdefghijklmnopqrstuvwxyz0123456789-".includes(letter)) &&
        !"0123456789-".includes(letters[0] ?? "-");
      expect(checkObjectName([], "It", name).length === 0).toBe(good);
    }),
  );
});

test("no check throws, and none accepts a control character or a space", () => {
  fc.assert(
    fc.property(fc.string(), fc.constantFrom("\0", "\n", " ", "\t", "\u007f"), fc.string(), (before, odd, after) => {
      const name = `${before}${odd}${after}`;
      for (const errors of [
        checkObjectName([], "It", name),
        checkContainerName([], name),
        checkPortName([], name),
        checkEnvName([], name),
        checkLabels([], [{ key: name, value: "" }]),
      ]) {
        expect(errors.length).toBeGreaterThan(0);
      }
      expect(isImageReference(name)).toBe(false);
    }),
  );
});

test("an image made of its parts is one, and not with a foreign character anywhere", () => {
  const component = fc.stringMatching(/^[a-z0-9]{1,8}([._-][a-z0-9]{1,8}){0,2}$/);
  const host = fc.option(fc.stringMatching(/^[a-z0-9]{1,10}\.[a-z]{2,5}(:[0-9]{2,5})?$/), { nil: "" });
  const tag = fc.option(fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/), { nil: "" });
  const image = fc
    .record({ host, path: fc.array(component, { minLength: 1, maxLength: 4 }), tag })
    // Without a registry before it, a first component with a dot would be read as one, which has no '_'.
    .map(({ path: [first = "", ...rest], ...parts }) => ({ ...parts, path: [parts.host ? first : first.replaceAll(".", "-"), ...rest] }))
    .map(({ host: registry, path, tag: label }) => `${registry ? `${registry}/` : ""}${path.join("/")}${label ? `:${label}` : ""}`);
  fc.assert(
    fc.property(image, fc.nat(), fc.constantFrom(..." ?#%!$\"'\\;é"), (text, place, odd) => {
      expect(isImageReference(text)).toBe(true);
      const at = place % (text.length + 1);
      expect(isImageReference(`${text.slice(0, at)}${odd}${text.slice(at)}`)).toBe(false);
    }),
  );
});

test("text is storable exactly when it has no NUL and no half pair", () => {
  const unit = fc.constantFrom("a", "é", "\u{1f600}", "\ud83d", "\ude00", "\0");
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 6 }), (value) => {
      expect(unstorableText({ a: [value] }, []).length === 0).toBe(value.isWellFormed() && !value.includes("\0"));
    }),
  );
});

/**
 * What `$((…))` is: whole numbers of 64 bits, variables, and the operators of C without ++ and --.
 *
 * What is not to be evaluated (behind && and ||, of ?:) is read all the same, with `isLive` false: it assigns nothing, and divides by nothing.
 */
import { Complaint } from "./world.ts";

export interface Variables {
  get(name: string): string;
  set(name: string, value: string): void;
}

const TOKEN = /0[xX][\dA-Fa-f]+|\d+|[A-Za-z_]\w*|<<=|>>=|<<|>>|&&|\|\||[-+*/%&|^<>=!]=|[-+*/%()<>&|^~!?:=]|\S/g;
const MOST_TOKENS = 500;
const MOST_DEPTH = 100;
/** Of two sides, the weakest first. */
const LEVELS: readonly (readonly string[])[] = [["||"], ["&&"], ["|"], ["^"], ["&"], ["==", "!="], ["<", "<=", ">", ">="], ["<<", ">>"], ["+", "-"], ["*", "/", "%"]];
const STRENGTH = new Map(LEVELS.flatMap((operators, level) => operators.map((operator) => [operator, level] as const)));
const ASSIGNMENT = /^(?:<<|>>|[-+*/%&|^])?=$/;

/** @throws Complaint */
export function sumOf(text: string, variables: Variables): string {
  const sum = new Sum(text.match(TOKEN) ?? [], variables);
  return String(sum.whole());
}

class Sum {
  readonly #tokens: readonly string[];
  readonly #variables: Variables;
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly string[], variables: Variables) {
    if (tokens.length > MOST_TOKENS) throw new Complaint("arithmetic expression is too long", 2);
    this.#tokens = tokens;
    this.#variables = variables;
  }

  whole(): bigint {
    if (this.#tokens.length === 0) return 0n;
    const value = this.#assignment(true);
    if (this.#at < this.#tokens.length) throw bad();
    return value;
  }

  #assignment(isLive: boolean): bigint {
    if ((this.#depth += 1) > MOST_DEPTH) throw new Complaint("arithmetic expression is nested too deeply", 2);
    const [name = "", operator = ""] = this.#tokens.slice(this.#at, this.#at + 2);
    let value: bigint;
    if (/^[A-Za-z_]/.test(name) && ASSIGNMENT.test(operator)) {
      this.#at += 2;
      const right = this.#assignment(isLive);
      value = operator === "=" ? right : isLive ? applied(operator.slice(0, -1), this.#variable(name), right) : 0n;
      if (isLive) this.#variables.set(name, String(value));
    } else value = this.#choice(isLive);
    this.#depth -= 1;
    return value;
  }

  #choice(isLive: boolean): bigint {
    const condition = this.#binary(0, isLive);
    if (!this.#takes("?")) return condition;
    const first = this.#assignment(isLive && condition !== 0n);
    if (!this.#takes(":")) throw bad();
    const second = this.#assignment(isLive && condition === 0n);
    return condition !== 0n ? first : second;
  }

  #binary(least: number, isLive: boolean): bigint {
    let left = this.#unary(isLive);
    for (;;) {
      const operator = this.#tokens[this.#at] ?? "";
      const strength = STRENGTH.get(operator) ?? -1;
      if (strength < least) return left;
      this.#at += 1;
      const isDecided = (operator === "&&" && left === 0n) || (operator === "||" && left !== 0n);
      const right = this.#binary(strength + 1, isLive && !isDecided);
      if (operator === "&&") left = flag(left !== 0n && right !== 0n);
      else if (operator === "||") left = flag(left !== 0n || right !== 0n);
      else left = isLive ? applied(operator, left, right) : 0n;
    }
  }

  #unary(isLive: boolean): bigint {
    const signs: string[] = [];
    for (let token = this.#tokens[this.#at] ?? ""; token !== "" && "+-!~".includes(token); token = this.#tokens[this.#at] ?? "") {
      signs.unshift(token);
      this.#at += 1;
    }
    return signs.reduce((value, sign) => BigInt.asIntN(64, sign === "-" ? -value : sign === "!" ? flag(value === 0n) : sign === "~" ? ~value : value), this.#value(isLive));
  }

  #value(isLive: boolean): bigint {
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw bad();
    if (token === "(") {
      const inner = this.#assignment(isLive);
      if (!this.#takes(")")) throw bad();
      return inner;
    }
    if (/^\d/.test(token)) return numberOf(token);
    if (!/^[A-Za-z_]/.test(token)) throw bad();
    return isLive ? this.#variable(token) : 0n;
  }

  #variable(name: string): bigint {
    const text = this.#variables.get(name).trim();
    return text === "" ? 0n : text.startsWith("-") ? -numberOf(text.slice(1)) : numberOf(text);
  }

  #takes(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at += 1;
    return true;
  }
}

const flag = (is: boolean): bigint => (is ? 1n : 0n);
const bad = (): Complaint => new Complaint("arithmetic syntax error", 2);

function numberOf(text: string): bigint {
  if (!/^(?:0[xX][\dA-Fa-f]+|0[0-7]*|[1-9]\d*)$/.test(text) || text.length > 32) throw new Complaint(`Illegal number: ${text.slice(0, 40)}`, 2);
  return BigInt.asIntN(64, BigInt(/^0\d/.test(text) ? `0o${text.slice(1)}` : text));
}

function applied(operator: string, left: bigint, right: bigint): bigint {
  if ((operator === "/" || operator === "%") && right === 0n) throw new Complaint("divide by zero", 2);
  switch (operator) {
    case "|":
      return left | right;
    case "^":
      return left ^ right;
    case "&":
      return left & right;
    case "==":
      return flag(left === right);
    case "!=":
      return flag(left !== right);
    case "<":
      return flag(left < right);
    case "<=":
      return flag(left <= right);
    case ">":
      return flag(left > right);
    case ">=":
      return flag(left >= right);
    case "<<":
      return BigInt.asIntN(64, left << (right & 63n));
    case ">>":
      return left >> (right & 63n);
    case "+":
      return BigInt.asIntN(64, left + right);
    case "-":
      return BigInt.asIntN(64, left - right);
    case "*":
      return BigInt.asIntN(64, left * right);
    case "/":
      return BigInt.asIntN(64, left / right);
    default:
      return left % right;
  }
}

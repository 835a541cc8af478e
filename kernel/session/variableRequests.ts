/** What a front end asks about the session's variables, and that it takes away. */
import type {
  ForgetReply,
  ForgetRequest,
  MemoryReply,
  MemoryRequest,
  SliceReply,
  SliceRequest,
  VariableSummary,
  VariablesReply,
  VariablesRequest,
} from '../contract/protocol.js';
import type { CellNames } from './cellNames.js';
import type { Evaluator } from './evaluator.js';
import type { ImportedNames } from './importedNames.js';
import { follow } from './values/members.js';
import { sliceOf } from './values/sliceOf.js';
import { summarizeVariables } from './variables.js';

export type VariableRequest = VariablesRequest | SliceRequest | ForgetRequest | MemoryRequest;
type VariableReply = VariablesReply | SliceReply | ForgetReply | MemoryReply;

export class VariableRequests {
  constructor(
    private readonly names: CellNames,
    private readonly evaluator: Evaluator,
    private readonly imported: () => ImportedNames,
  ) {}

  answer(request: VariableRequest): VariableReply {
    const { id } = request;
    switch (request.type) {
      case 'variables':
        return { type: 'variablesReply', id, variables: this.list() };
      case 'slice':
        return { type: 'sliceReply', id, slice: this.#slice(request) };
      case 'forget':
        return { type: 'forgetReply', id, isGone: this.#forget(request.name) };
      case 'memory':
        return { type: 'memoryReply', id, usedBytes: process.memoryUsage.rss() };
    }
  }

  list(): VariableSummary[] {
    return summarizeVariables(this.names.setBy, (names) => this.#valuesOf(names));
  }

  #slice(request: SliceRequest): SliceReply['slice'] {
    const { name, path } = request;
    const found = this.names.setBy.has(name) ? this.#valuesOf([name])[0] : undefined;
    if (!found) return `There is no variable ${name}.`;
    const meant = follow(found.value, path);
    return meant ? sliceOf(meant.value, request) : `${[name, ...path].join(' › ')} is not there.`;
  }

  #forget(name: string): boolean {
    if (!this.names.setBy.has(name)) return false;
    // Functions of earlier cells keep the name; what it held is let go.
    this.evaluator.clear(this.names.expression(name));
    this.names.forget(name);
    this.imported().forget(name);
    return true;
  }

  #valuesOf(names: string[]) {
    return this.evaluator.valuesOf(names.map((name) => this.names.expression(name)));
  }
}

/** A scale set in simulated time behind the task's own ports: instances take time to upgrade, fail when told to, and every out-of-service count is kept. */
import type { Azure } from '../../../shared/azure/azure.js';
import type {
  DeploymentOperation,
  DeploymentState,
  ResourceChange,
} from '../../../shared/azure/deployments.js';
import type { ImageFacts } from '../../../shared/azure/images.js';
import type { Operation } from '../../../shared/azure/operation.js';
import type { Quota } from '../../../shared/azure/quotas.js';
import type { ModelImage, ScaleSet, ScaleSetInstance } from '../../../shared/azure/scaleSets.js';
import { AzureError } from '../../../shared/core/errors.js';
import type { Tags } from '../../../shared/core/rolloutRecord.js';
import type { Clock } from '../../../shared/core/wait.js';

/** Time that passes only when somebody sleeps. */
export interface SimulatedClock extends Clock {
  /** Does something when that time is reached. */
  at(time: number, action: () => void): void;
}

/** Whoever is to wake first does; time goes on when all that could be done without it has been done. */
export function simulatedClock(start = Date.UTC(2026, 0, 1)): SimulatedClock {
  let time = start;
  let events: { readonly time: number; readonly run: () => void; readonly wakes: boolean }[] = [];
  let isDue = false;
  const next = () => {
    isDue = false;
    const [first] = events;
    if (first === undefined || !events.some(({ wakes }) => wakes)) return;
    events = events.slice(1);
    time = Math.max(time, first.time);
    first.run();
    pump();
  };
  const pump = () => {
    if (isDue) return;
    isDue = true;
    setImmediate(next);
  };
  const add = (event: (typeof events)[number]) => {
    const index = events.findIndex(one => one.time > event.time);
    events.splice(index < 0 ? events.length : index, 0, event);
  };
  return {
    now: () => time,
    at: (when, run) => {
      add({ time: start + when, run, wakes: false });
    },
    sleep: (milliseconds, signal) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        const onAbort = () => {
          events = events.filter(one => one !== event);
          reject(signal.reason as Error);
        };
        const run = () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        };
        const event = { time: time + milliseconds, run, wakes: true };
        add(event);
        signal.addEventListener('abort', onAbort, { once: true });
        pump();
      }),
  };
}

/** How an instance behaves when it gets an image whose id matches. */
export interface Behaviour {
  /** From the call to in service, in milliseconds. */
  readonly takes?: number;
  /** Never healthy on this image. */
  readonly sick?: boolean;
  /** Azure fails its upgrade. */
  readonly refused?: boolean;
}

export interface SimulationOptions {
  readonly count?: number;
  readonly image?: ModelImage;
  readonly scaleSet?: Partial<ScaleSet>;
  /** By instance id and image. */
  readonly behaviour?: (id: string, image: string) => Behaviour;
  readonly protectedIds?: readonly string[];
  /** Instances that begin on an older model. */
  readonly oldIds?: readonly string[];
  /** Null for an image that is not there. */
  readonly imageFacts?: Partial<ImageFacts> | null;
  /** The subscription's limits. */
  readonly quotas?: readonly Quota[];
  /** What a what-if answers. */
  readonly whatIf?: readonly ResourceChange[];
  /** The connection may not read load balancers. */
  readonly balancerIsHidden?: boolean;
}

interface Machine {
  readonly id: string;
  image: string;
  /** Until when it is out of service because of an upgrade. */
  busyUntil: number;
  refused: boolean;
}

export interface SimulatedAzure {
  readonly azure: Azure;
  /** The most instances that were out of service at once. */
  peak(): number;
  /** What each instance runs. */
  images(): string[];
  model(): string;
  tags(): Tags;
  /** Ids of every upgrade call, in order. */
  readonly upgradeCalls: string[][];
  readonly writes: string[];
  reads: number;
}

const balancerId = '/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/loadBalancers/lb';
export const imageId = (name: string) =>
  `/subscriptions/s/resourceGroups/images/providers/Microsoft.Compute/images/${name}`;
export const image = (name: string): ModelImage => ({ kind: 'managed', id: imageId(name) });
const idOf = (model: ModelImage | undefined) =>
  model === undefined ? '' : 'id' in model ? model.id : JSON.stringify(model);

export function simulateAzure(clock: Clock, options: SimulationOptions = {}): SimulatedAzure {
  const count = options.count ?? 4;
  let model = options.image ?? image('old');
  let tags: Tags = options.scaleSet?.tags ?? {};
  let movesUntil = 0;
  const behaviourOf = (id: string, of: string): Behaviour => options.behaviour?.(id, of) ?? {};
  const isFlexible = options.scaleSet?.orchestrationMode === 'Flexible';
  const machines: Machine[] = Array.from({ length: count }, (_, index) => ({
    id: isFlexible ? `web_${index}` : String(index),
    image: options.oldIds?.includes(String(index)) === true ? imageId('ancient') : idOf(model),
    busyUntil: 0,
    refused: false,
  }));
  const exists = { value: options.image !== undefined || count > 0 };
  const upgradeCalls: string[][] = [];
  const writes: string[] = [];
  let peak = 0;
  const healthy = (machine: Machine) =>
    clock.now() >= machine.busyUntil && behaviourOf(machine.id, machine.image).sick !== true;
  const notePeak = () => {
    peak = Math.max(peak, machines.filter(machine => !healthy(machine)).length);
  };
  const upgrade = (machine: Machine) => {
    const behaviour = behaviourOf(machine.id, idOf(model));
    machine.refused = behaviour.refused === true;
    if (machine.refused) return;
    machine.image = idOf(model);
    machine.busyUntil = clock.now() + (behaviour.takes ?? 60_000);
  };
  const mode = options.scaleSet?.upgradeMode ?? 'Manual';
  const scaleSet = (): ScaleSet => ({
    name: 'web',
    id: '/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachineScaleSets/web',
    location: 'westeurope',
    orchestrationMode: 'Uniform',
    upgradeMode: mode,
    automaticOsUpgrade: false,
    healthSignal: { kind: 'probe', id: `${balancerId}/probes/http` },
    capacity: count,
    provisioningState: 'Succeeded',
    vmSize: 'Standard_B2s',
    securityType: undefined,
    rollingPolicy: undefined,
    backendPools: [],
    ...options.scaleSet,
    image: model,
    tags,
  });
  const simulation = {
    upgradeCalls,
    writes,
    reads: 0,
    peak: () => peak,
    images: () => machines.map(machine => machine.image),
    model: () => idOf(model),
    tags: () => tags,
  };
  const done: Operation = { check: () => Promise.resolve(true) };

  const azure: Azure = {
    images: {
      find: () =>
        Promise.resolve(
          options.imageFacts === null
            ? undefined
            : {
                locations: ['West Europe'],
                notReplicated: new Map<string, string>(),
                provisioningState: 'Succeeded',
                endOfLife: undefined,
                excludedFromLatest: false,
                osType: 'Linux',
                osState: 'Generalized',
                generation: 'V2',
                securityType: undefined,
                ...options.imageFacts,
              },
        ),
    },
    healthProbes: {
      find: () =>
        options.balancerIsHidden === true
          ? Promise.reject(
              new AzureError('reading', { code: 'AuthorizationFailed', message: 'no', details: [] }, 403),
            )
          : Promise.resolve({ protocol: 'http', port: 8080, path: '/health' }),
    },
    quotas: {
      list: () => Promise.resolve([...(options.quotas ?? [])]),
      size: () => Promise.resolve({ family: 'standardBSFamily', cores: 2 }),
    },
    siteAddresses: { of: () => Promise.resolve({ url: 'http://203.0.113.9' }) },
    deployments: {
      groupLocation: () => Promise.resolve('westeurope'),
      createGroup: location => {
        writes.push(`group ${location}`);
        return Promise.resolve();
      },
      validate: () => Promise.resolve(),
      whatIf: () => Promise.resolve([...(options.whatIf ?? [])]),
      start: (name, request) => {
        writes.push(`deployment ${name}`);
        const next = request.parameters['imageId']?.value;
        if (typeof next === 'string') model = { kind: 'managed', id: next };
        exists.value = true;
        return Promise.resolve();
      },
      state: (): Promise<DeploymentState> =>
        Promise.resolve({
          state: 'Succeeded',
          error: undefined,
          correlationId: undefined,
          outputs: [
            { name: 'siteUrl', type: 'string', value: 'http://site.example' },
            { name: 'password', type: 'securestring', value: 'hidden' },
            { name: 'ports', type: 'array', value: [80, 443] },
          ],
          resources: [scaleSet().id],
        }),
      operations: (): Promise<DeploymentOperation[]> =>
        Promise.resolve([
          {
            id: '1',
            kind: 'Create',
            state: 'Succeeded',
            resourceType: 'Microsoft.Compute/virtualMachineScaleSets',
            resourceName: 'web',
            resourceId: scaleSet().id,
            duration: 'PT1M4S',
            error: undefined,
          },
        ]),
      cancel: () => Promise.resolve(),
    },
    scaleSets: {
      find: name => Promise.resolve(exists.value && name.toLowerCase() === 'web' ? scaleSet() : undefined),
      list: () => Promise.resolve(exists.value ? [scaleSet()] : []),
      latestRollingUpgrade: () => Promise.resolve(undefined),
      cancelRollingUpgrade: () => Promise.resolve(),
      instances: () => {
        simulation.reads++;
        notePeak();
        return Promise.resolve(
          machines.map((machine): ScaleSetInstance => {
            const busy = clock.now() < machine.busyUntil;
            return {
              id: machine.id,
              name: isFlexible ? machine.id : `web_${machine.id}`,
              latestModelApplied: machine.image === idOf(model),
              provisioningState: busy ? 'Updating' : 'Succeeded',
              powerState: busy ? 'starting' : 'running',
              image: { kind: 'managed', id: machine.image },
              health: busy ? undefined : healthy(machine) ? 'healthy' : 'unhealthy',
              isProtected: options.protectedIds?.includes(machine.id) ?? false,
              message: healthy(machine) || busy ? undefined : 'probe: HTTP 500',
            };
          }),
        );
      },
      setTags: (_name, next) => {
        tags = next;
        return Promise.resolve(done);
      },
      setImage: (_name, next, nextTags = tags) => {
        writes.push(`image ${idOf(next)}`);
        model = next;
        tags = nextTags;
        if (mode === 'Manual') return Promise.resolve(done);
        for (const machine of machines) upgrade(machine);
        notePeak();
        movesUntil = Math.max(...machines.map(machine => machine.busyUntil));
        return Promise.resolve({ check: () => Promise.resolve(clock.now() >= movesUntil) });
      },
      upgrade: (_name, ids) => {
        writes.push(`upgrade ${ids.join(',')}`);
        upgradeCalls.push([...ids]);
        const moving = machines.filter(({ id }) => ids.includes(id));
        for (const machine of moving) upgrade(machine);
        notePeak();
        const ends = Math.max(...moving.map(machine => machine.busyUntil));
        return Promise.resolve({
          check: () => {
            if (moving.some(machine => machine.refused)) {
              const detail = { code: 'VMExtensionProvisioningError', message: 'no', details: [] };
              return Promise.reject(new AzureError('upgrading instances', detail));
            }
            return Promise.resolve(clock.now() >= ends);
          },
        });
      },
    },
  };
  return Object.assign(simulation, { azure });
}

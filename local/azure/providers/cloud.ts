/** What the providers share: the state, and the ports behind which machines and balancers run. */
import type { Store } from '../arm/store.js';
import type { InstanceFaults } from '../faults/instanceFaults.js';
import type { AddressPool } from '../machines/addressPool.js';
import type { LoadBalancer, LoadBalancerOptions } from '../machines/loadBalancer.js';
import type { Disk, MachineHost } from '../machines/machineHost.js';

export interface Cloud {
  readonly store: Store;
  readonly host: MachineHost;
  readonly addresses: AddressPool;
  /** Content of managed images, gallery image versions, snapshots and unattached disks by lower-case id. */
  readonly images: Map<string, Disk>;
  /** Disks of captured VHD blobs by URI. */
  readonly blobs: Map<string, Disk>;
  /** URIs of the blobs that are the OS disks of machines. */
  readonly osBlobs: Set<string>;
  /** The two keys of each storage account by its name, base64. */
  readonly storageKeys: Map<string, readonly string[]>;
  readonly uploads: Uploads;
  startLoadBalancer(options: LoadBalancerOptions): Promise<LoadBalancer>;
  now(): Date;
  /** Factor on Azure's own waiting times; 1 is its own pace. */
  readonly timeScale: number;
  /** What shall go wrong with instances. */
  readonly faults: InstanceFaults;
  /** Whether machines and scale sets may still be made with disks in storage accounts, which Azure has retired. */
  readonly unmanagedDisks: 'allow' | 'retired';
}

/** The blobs that clients uploaded. */
export interface Uploads {
  /** Whether any may be there. */
  isOpen(): boolean;
  /** @throws ArmError when the blob is not there, or is no VHD that Azure would take */
  checkVhd(uri: string): Promise<void>;
}

/** Gives a disk up, unless an image or a blob still stands on it. Take it out of `images` or `blobs` first. */
export async function release({ images, blobs, host }: Cloud, disk: Disk): Promise<void> {
  if ([...images.values(), ...blobs.values()].includes(disk)) return;
  await host.discard(disk);
}

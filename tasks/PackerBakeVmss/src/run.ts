/** Bakes an image: validates a Packer template, builds it with the service connection's credentials, and tells what was made. */
import type { Agent } from '../../../shared/agent/agent.js';
import type { Inputs } from '../../../shared/agent/inputs.js';
import { createArmClient, type ArmClient } from '../../../shared/azure/armClient.js';
import { openConnection, type ServiceConnection } from '../../../shared/azure/connection.js';
import { formatDuration } from '../../../shared/core/duration.js';
import type { BakedImage } from '../../../shared/core/packerArtifact.js';
import { openBakeStand, type BakeStand } from './bakeStand.js';
import { nameImage, tellImage } from './image/bakeOutputs.js';
import { bakeRecord } from './image/bakeRecord.js';
import { openTemplate } from './template/bakeTemplate.js';
import { variableArguments, variableEnvironment } from './template/bakeVariables.js';
import { findBakedImage } from './image/bakedImage.js';
import { watchBuild, type BuildWatch } from './cleanUp/buildWatch.js';
import { checkInputs } from './checkInputs.js';
import { checkTargets, versionVariableOf, withGalleryVersion } from './destination/checkTargets.js';
import { azureOptions } from './signIn/credentials.js';
import { convertBaked, retainImages } from './image/finishImage.js';
import type { inputs } from './inputs.generated.js';
import { inspectBake } from './digest/inspectBake.js';
import { listStale } from './cleanUp/listStale.js';
import { keepProvenance } from './image/keepProvenance.js';
import { runPacker, type PackerSession } from './packer/packer.js';
import { buildFailure, commandFailure } from './log/packerFailure.js';
import { choosePacker } from './packer/packerChoice.js';
import { installPlugins, pluginEnvironment } from './packer/packerPlugins.js';
import { pluginVersions } from './packer/pluginVersions.js';
import { openSession } from './packer/packerSession.js';
import type { PackerTemplate } from './template/packerTemplate.js';
import { reuseImage } from './image/reuseImage.js';

type Input = Inputs<typeof inputs>;

/**
 * Bakes, or with `dryRun` only validates.
 * @param connect signs in to Azure; nothing is asked before it is needed
 * @returns the sentence that says what was made
 */
export async function bake(
  input: Input,
  agent: Agent,
  connect: (agent: Agent, connection: ServiceConnection) => ArmClient = createArmClient,
): Promise<string> {
  const workingDirectory = input.workingDirectory ?? agent.workingDirectory;
  const stand = openBakeStand(input.templateType === 'builtIn' ? undefined : input.templatePath, agent);
  const templateFor = openTemplate(input, checkInputs(input, workingDirectory), workingDirectory, agent);
  const connection = openConnection(agent, input.azureSubscription);
  const packer = await choosePacker(input, agent);
  agent.info(`Packer ${packer.version.text} (${packer.path})`);
  stand.packer = packer.version.text;
  const { template, variables, choice } = await templateFor(packer.version);

  const watch = watchBuild(agent, input.azureSubscription, own => connect(own, connection));
  const base = openSession(packer, workingDirectory, pluginEnvironment(input.pluginsPath, agent), agent);
  await installPlugins(template, base, agent);
  const plugins = await pluginVersions(template, base, agent);
  const options = await azureOptions(connection, template, packer.version, agent);
  const versionVariable = versionVariableOf(input, template);
  const callWith = (version?: string) => {
    const own = withGalleryVersion(variables, versionVariable, version);
    const environment = { ...base.environment, ...variableEnvironment(template, options, own) };
    const given = variableArguments(template, options, own, agent);
    const session: PackerSession = { ...base, environment };
    return { session, given, args: [...choice, ...given, template.path], values: own.values };
  };
  const planned = callWith();

  await validate(planned.session, planned.args, agent);
  const arm = connect(agent, connection);
  const facts = await inspectBake(
    {
      template,
      selection: input,
      variableArguments: planned.given,
      session: planned.session,
      plugins,
      digest: input,
    },
    arm,
    agent,
  );
  stand.digest = facts.digest;
  agent.output('imageDigest', facts.digest?.digest ?? '');
  const reused = await reuseImage(facts, input, arm, agent);
  agent.output('imageReused', String(reused !== undefined));
  if (reused !== undefined) {
    stand.reused = true;
    stand.image = reused.reference;
    tellImage(reused, agent);
    return `Nothing was baked, the inputs are the same: ${nameImage(reused).id}`;
  }
  const version = await checkTargets(facts.model, { ...input, versionVariable }, arm, agent);
  await listStale(facts.model, input, arm, agent);
  if (input.dryRun) {
    await retainImages(undefined, facts.family, facts.model, input, arm, agent);
    return 'Dry run: the template is valid, nothing was built.';
  }

  const { session, args, values } = version === undefined ? planned : callWith(version);
  const startedAt = Date.now();
  const onPhases = (phases: BakeStand['phases']) => {
    stand.phases = phases;
  };
  const built = await build({ ...session, watch, onPhases }, template, args, input, agent);
  const image = await convertBaked(built, input, facts.model, arm, agent);
  stand.image = image.reference;
  tellImage(image, agent);
  const record = {
    image: image.reference,
    facts,
    packer: packer.version,
    plugins,
    variables: values,
    startedAt,
  };
  await keepProvenance(bakeRecord(record, agent), arm, agent);
  await retainImages(image.reference, facts.family, facts.model, input, arm, agent);
  const { kind, id } = nameImage(image);
  return `Baked ${kind} in ${formatDuration(Date.now() - startedAt)}: ${id}`;
}

async function validate(session: PackerSession, args: readonly string[], agent: Agent): Promise<void> {
  const { exitCode, run } = await agent.group('packer validate', () =>
    runPacker(session, ['validate', ...args], agent),
  );
  if (exitCode !== 0) throw commandFailure('validate', run, exitCode);
  agent.info('The template is valid.');
}

async function build(
  session: PackerSession & { readonly watch: BuildWatch },
  template: PackerTemplate,
  args: readonly string[],
  input: Input,
  agent: Agent,
): Promise<BakedImage> {
  const startedAt = Date.now();
  const force = input.allowOverwrite ? ['-force'] : [];
  const result = await runPacker(session, ['build', ...force, ...args], agent).finally(() =>
    session.watch.settle(),
  );
  if (result.exitCode !== 0) throw buildFailure(result.run, result.exitCode);
  return findBakedImage({ result, session, template, startedAt }, input.buildName, agent);
}

using NetPulse.Collector.Attribution;
using NetPulse.Collector.Kernel;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Collector.Sources;

/// <summary>Packets that the kernel dropped since we began, by pod or node and by its reason.</summary>
/// <remarks>
/// A packet is its socket's, else that of the network namespace whose interface it was at: what a rule of the node drops on its way to a
/// pod is the node's. Where it tells neither, its owner is <c>unknown</c>.
/// </remarks>
public sealed class Drops(NodeObserver node, NodeName name, TimeProvider time) : ISource, IDisposable
{
    private readonly KernelProgram<DropsProgram> program = new(DropsProgram.Load, time);
    private readonly Dictionary<(WorkloadIdentity Owner, string Reason), ulong> sums = [];
    private readonly SeriesLabels labels = new(name.Value);

    public string Name => "drops";

    /// <inheritdoc/>
    public void Read(SampleWriter samples)
    {
        labels.BeginReading();
        sums.Clear();
        var loaded = program.Load();
        var picture = node.Current;
        loaded.Read((in key, packets) =>
        {
            var owner = key.Owner == default
                ? NamespaceOwners.Unknown
                : picture.Owners.Of(key.Owner.ControlGroupId, key.Owner.NamespaceCookie, key.Owner.NamespaceInode);
            var place = (owner, loaded.Reasons.NameOf(key.Reason));
            sums[place] = sums.GetValueOrDefault(place) + packets;
        });
        foreach (var ((owner, reason), packets) in sums)
        {
            samples.Write(DropMetrics.Packets, labels.Of(DropMetrics.Packets, owner, new Label(LabelNames.Reason, reason), new Label(LabelNames.Class, DropClass.Of(reason))), packets);
        }
    }

    public void Dispose() => program.Dispose();
}

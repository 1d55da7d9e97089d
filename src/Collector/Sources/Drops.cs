using System.Runtime.InteropServices;
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
    private static readonly TimeSpan LongestIdle = TimeSpan.FromMinutes(10);

    /// <summary>A burst is seen by what a counter rises: one that began anew with each would hide it.</summary>
    private static readonly TimeSpan LongestQuiet = TimeSpan.FromDays(1);

    private readonly KernelProgram<DropsProgram> program = new(DropsProgram.Load, time);
    private readonly Dictionary<(DropKey Key, bool IsOverflow), Count> seen = [];
    private readonly Dictionary<(WorkloadIdentity Owner, string Reason), Count> totals = [];
    private readonly SeriesLabels labels = new(name.Value);

    public string Name => "drops";

    /// <inheritdoc/>
    public void Read(SampleWriter samples)
    {
        labels.BeginReading();
        var loaded = program.Load();
        var picture = node.Current;
        loaded.Read((in key, isOverflow, packets) =>
        {
            // What a row has counted stays with whom it belonged to then.
            ref var known = ref CollectionsMarshal.GetValueRefOrAddDefault(seen, (key, isOverflow), out _);
            if (packets == known.Packets)
            {
                return;
            }

            var increase = packets - known.Packets;
            known = new Count(packets, samples.At);
            var owner = key.Owner == default
                ? NamespaceOwners.Unknown
                : picture.Owners.Of(key.Owner.ControlGroupId, key.Owner.NamespaceCookie, key.Owner.NamespaceInode);
            var place = (owner, loaded.Reasons.NameOf(key.Reason));
            totals[place] = new Count(totals.GetValueOrDefault(place).Packets + increase, samples.At);
        });
        ForgetIdle(loaded, samples.At);
        foreach (var ((owner, reason), total) in totals)
        {
            samples.Write(DropMetrics.Packets, labels.Of(DropMetrics.Packets, owner, new Label(LabelNames.Reason, reason), new Label(LabelNames.Class, DropClass.Of(reason))), total.Packets);
        }
    }

    /// <summary>Makes room: in the kernel's map for other owners, much later here for other series.</summary>
    private void ForgetIdle(DropsProgram loaded, DateTimeOffset now)
    {
        foreach (var ((key, isOverflow), count) in seen)
        {
            if (!isOverflow && now - count.Last > LongestIdle)
            {
                loaded.Forget(key);
                seen.Remove((key, isOverflow));
            }
        }

        foreach (var (place, count) in totals)
        {
            if (now - count.Last > LongestQuiet)
            {
                totals.Remove(place);
            }
        }
    }

    public void Dispose() => program.Dispose();

    /// <param name="Last">When it last grew.</param>
    private readonly record struct Count(ulong Packets, DateTimeOffset Last);
}

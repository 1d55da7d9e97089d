using NetPulse.Collector.Attribution;
using NetPulse.Collector.Sources.Proc;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;

namespace NetPulse.Collector.Sources;

/// <summary>Sockets by protocol, fragments that wait, and the memory that TCP and UDP hold.</summary>
/// <remarks>
/// Source: <c>/proc/net/sockstat</c>, <c>/proc/net/sockstat6</c>. Sockets in use, TIME_WAIT and fragments are the namespace's; memory, orphans and
/// allocated sockets are counted once for the whole node, and every namespace shows the same.
/// </remarks>
public sealed class SocketCounts(NamespaceFiles files, NodeName node) : ISource
{
    private readonly SeriesLabels labels = new(node.Value);

    public string Name => "sockets";

    /// <inheritdoc/>
    public void Read(SampleWriter samples)
    {
        labels.BeginReading();
        foreach (var (file, family) in new[] { (NamespaceFile.Sockstat, LabelNames.Ipv4), (NamespaceFile.Sockstat6, LabelNames.Ipv6) })
        {
            files.ForEach(file, (target, text) => SocketFile.Read(text, (group, name, value) => Write(samples, target, family, group, name, value)));
        }
    }

    private void Write(SampleWriter samples, OwnedNamespace target, string family, ReadOnlySpan<byte> group, ReadOnlySpan<byte> name, long value)
    {
        if (group.StartsWith("FRAG"u8))
        {
            var metric = name.SequenceEqual("inuse"u8) ? NamespaceMetrics.ReassemblyQueues : name.SequenceEqual("memory"u8) ? NamespaceMetrics.ReassemblyMemoryBytes : null;
            if (metric is not null)
            {
                samples.Write(metric, labels.Of(metric, target.Owner, new Label(LabelNames.Family, family)), value);
            }
        }
        else if (name.SequenceEqual("inuse"u8))
        {
            samples.Write(NamespaceMetrics.Sockets, labels.Of(NamespaceMetrics.Sockets, target.Owner, ProtocolOf(group)), value);
        }
        else if (name.SequenceEqual("tw"u8))
        {
            samples.Write(NamespaceMetrics.TimeWaitSockets, labels.Of(NamespaceMetrics.TimeWaitSockets, target.Owner), value);
        }
        else if (target.Namespace.IsHost)
        {
            WriteOfNode(samples, group, name, value);
        }
    }

    private void WriteOfNode(SampleWriter samples, ReadOnlySpan<byte> group, ReadOnlySpan<byte> name, long value)
    {
        if (name.SequenceEqual("mem"u8))
        {
            samples.Write(NodeMetrics.SocketMemoryBytes, labels.Of(NodeMetrics.SocketMemoryBytes, null, ProtocolOf(group)), (double)value * Environment.SystemPageSize);
        }
        else if (name.SequenceEqual("orphan"u8))
        {
            samples.Write(NodeMetrics.OrphanSockets, labels.Of(NodeMetrics.OrphanSockets, null), value);
        }
        else if (name.SequenceEqual("alloc"u8))
        {
            samples.Write(NodeMetrics.AllocatedSockets, labels.Of(NodeMetrics.AllocatedSockets, null), value);
        }
    }

    private static Label ProtocolOf(ReadOnlySpan<byte> group) => new(LabelNames.Protocol, ByteText.Of(group).ToLowerInvariant());
}

using System.Runtime.ExceptionServices;
using NetPulse.Collector.Sources.Proc;
using NetPulse.Linux.Proc;
using NetPulse.Linux.Sysctls;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;

namespace NetPulse.Collector.Sources;

/// <summary>What the kernel keeps once for the node: the CPUs' packet queues, the neighbour tables, the limits of socket memory.</summary>
/// <remarks>Source: files of <c>/proc/net</c> and <c>/proc/sys/net</c> in the node's own network namespace. What this kernel lacks has no series.</remarks>
public sealed class NodeKernel(NamespaceReader namespaces, NodeName node) : ISource
{
    private static readonly (string File, string Family)[] NeighbourTables =
    [
        ("/proc/thread-self/net/stat/arp_cache", LabelNames.Ipv4),
        ("/proc/thread-self/net/stat/ndisc_cache", LabelNames.Ipv6),
    ];

    private static readonly (MetricDefinition Metric, string Column)[] NeighbourColumns =
    [
        (NodeMetrics.NeighbourEntries, "entries"),
        (NodeMetrics.NeighbourTableFull, "table_fulls"),
        (NodeMetrics.NeighbourForcedCollections, "forced_gc_runs"),
        (NodeMetrics.NeighbourResolutionsFailed, "res_failed"),
        (NodeMetrics.NeighbourUnresolvedDrops, "unresolved_discards"),
    ];

    private static readonly string[] NeighbourLevels = ["gc_thresh1", "gc_thresh2", "gc_thresh3"];
    private static readonly string[] MemoryLevels = ["low", "pressure", "max"];
    private static readonly string[] MemoryProtocols = ["tcp", "udp"];

    private readonly SeriesLabels labels = new(node.Value);
    private byte[] buffer = new byte[4096];

    public string Name => "kernel";

    /// <inheritdoc/>
    public void Read(SampleWriter samples)
    {
        labels.BeginReading();
        Exception? failure = null;
        namespaces.InHost(() =>
        {
            foreach (var part in new Action<SampleWriter>[] { ReadSoftnet, ReadNeighbours, ReadMemoryLimits, ReadMemory })
            {
                try
                {
                    part(samples);
                }
                catch (FormatException e)
                {
                    failure ??= new InvalidDataException(e.Message, e);
                }
                catch (IOException e)
                {
                    failure ??= e;
                }
            }
        });
        if (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    private void ReadSoftnet(SampleWriter samples)
    {
        if (ProcFile.Read("/proc/thread-self/net/softnet_stat", ref buffer) is not { } length)
        {
            return;
        }

        foreach (var each in SoftnetFile.Read(buffer.AsSpan(0, length)))
        {
            var cpu = new Label(LabelNames.Cpu, $"{each.Cpu}");
            Write(samples, NodeMetrics.SoftnetProcessed, each.Processed, cpu);
            Write(samples, NodeMetrics.SoftnetDropped, each.Dropped, cpu);
            Write(samples, NodeMetrics.SoftnetTimeSqueeze, each.TimeSqueeze, cpu);
            Write(samples, NodeMetrics.SoftnetReceivedRps, each.ReceivedRps, cpu);
            Write(samples, NodeMetrics.SoftnetFlowLimit, each.FlowLimit, cpu);
            if (each.BacklogPackets is { } backlog)
            {
                Write(samples, NodeMetrics.SoftnetBacklog, backlog, cpu);
            }
        }
    }

    private void ReadNeighbours(SampleWriter samples)
    {
        foreach (var (file, family) in NeighbourTables)
        {
            if (ProcFile.Read(file, ref buffer) is not { } length)
            {
                continue;
            }

            var found = StatisticsFile.Read(buffer.AsSpan(0, length));
            var label = new Label(LabelNames.Family, family);
            foreach (var (metric, column) in NeighbourColumns)
            {
                if (found.TryGetValue(column, out var value))
                {
                    Write(samples, metric, value, label);
                }
            }

            foreach (var level in NeighbourLevels)
            {
                if (ReadNumbers($"net.{family}.neigh.default.{level}") is [var limit, ..])
                {
                    Write(samples, NodeMetrics.NeighbourLimit, limit, label, new Label(LabelNames.Level, level));
                }
            }
        }
    }

    private void ReadMemoryLimits(SampleWriter samples)
    {
        foreach (var protocol in MemoryProtocols)
        {
            var pages = ReadNumbers($"net.ipv4.{protocol}_mem");
            for (var i = 0; i < Math.Min(pages.Length, MemoryLevels.Length); i++)
            {
                Write(
                    samples,
                    NodeMetrics.SocketMemoryLimitBytes,
                    (double)pages[i] * Environment.SystemPageSize,
                    new Label(LabelNames.Protocol, protocol),
                    new Label(LabelNames.Level, MemoryLevels[i]));
            }
        }
    }

    /// <exception cref="FormatException">The file makes no sense.</exception>
    private void ReadMemory(SampleWriter samples)
    {
        if (ProcFile.Read("/proc/meminfo", ref buffer) is not { } length)
        {
            return;
        }

        ReadOnlySpan<byte> text = buffer.AsSpan(0, length);
        foreach (var range in text.Split((byte)'\n'))
        {
            var words = new ByteWords(text[range]);
            var name = words.Next();
            var metric = name.SequenceEqual("MemTotal:"u8) ? NodeMetrics.MemoryBytes : name.SequenceEqual("MemAvailable:"u8) ? NodeMetrics.AvailableMemoryBytes : null;
            if (metric is not null)
            {
                samples.Write(metric, labels.Of(metric, null), ByteText.Unsigned(words.Next()) * 1024.0);
            }
        }
    }

    private ulong[] ReadNumbers(string sysctl)
    {
        if (ProcFile.Read(Sysctl.PathOf(sysctl), ref buffer) is not { } length)
        {
            return [];
        }

        var words = new ByteWords(buffer.AsSpan(0, length).TrimEnd((byte)'\n'));
        var numbers = new List<ulong>();
        for (var word = words.Next(); !word.IsEmpty; word = words.Next())
        {
            numbers.Add(ByteText.Unsigned(word));
        }

        return [.. numbers];
    }

    private void Write(SampleWriter samples, MetricDefinition metric, double value, Label first, Label second = default) =>
        samples.Write(metric, labels.Of(metric, null, first, second), value);
}

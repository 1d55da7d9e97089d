using NetPulse.Collector.Sources.Proc;
using NetPulse.Linux.Netlink;
using NetPulse.Linux.Proc;
using NetPulse.Linux.Sysctls;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Collector.Sources;

/// <summary>The connections that netfilter tracks, in the node's own namespace and wherever a pod has some.</summary>
/// <remarks>
/// Source: <c>/proc/net/stat/nf_conntrack</c>, or ctnetlink where the kernel was built without it; <c>net.netfilter.nf_conntrack_count</c> and
/// <c>_max</c>. Without the module there are no series, and the log says so once.
/// </remarks>
public sealed partial class Conntrack(NamespaceFiles files, NamespaceReader namespaces, NodeName node, ILogger<Conntrack> logger) : ISource
{
    private static readonly (MetricDefinition Metric, string Column, int Attribute)[] Counters =
    [
        (NodeMetrics.ConntrackInsertFailed, "insert_failed", ConntrackMessages.InsertFailed),
        (NodeMetrics.ConntrackDrops, "drop", ConntrackMessages.Drop),
        (NodeMetrics.ConntrackEarlyDrops, "early_drop", ConntrackMessages.EarlyDrop),
        (NodeMetrics.ConntrackInvalid, "invalid", ConntrackMessages.Invalid),
        (NodeMetrics.ConntrackSearchRestarts, "search_restart", ConntrackMessages.SearchRestart),
        (NodeMetrics.ConntrackClashes, "clashres", ConntrackMessages.ClashResolve),
    ];

    private readonly SeriesLabels labels = new(node.Value);
    private readonly HashSet<ulong> tracked = [];
    private byte[] buffer = new byte[4096];
    private bool isAbsenceKnown;

    public string Name => "conntrack";

    /// <inheritdoc/>
    public void Read(SampleWriter samples)
    {
        labels.BeginReading();
        var limit = ReadLimit();
        if (limit is null)
        {
            if (!isAbsenceKnown)
            {
                isAbsenceKnown = true;
                LogAbsent();
            }

            return;
        }

        isAbsenceKnown = false;
        tracked.Clear();
        files.ForEach(NamespaceFile.ConntrackCount, (target, text) =>
        {
            var entries = ByteText.Unsigned(text.TrimEnd((byte)'\n'));
            if (entries > 0 || target.Namespace.IsHost)
            {
                tracked.Add(target.Namespace.Inode);
                samples.Write(NodeMetrics.ConntrackEntries, labels.Of(NodeMetrics.ConntrackEntries, target.Owner), entries);
                samples.Write(NodeMetrics.ConntrackLimit, labels.Of(NodeMetrics.ConntrackLimit, target.Owner), limit.Value);
            }
        });
        ReadCounters(samples);
    }

    private void ReadCounters(SampleWriter samples)
    {
        var isHostRead = false;
        files.ForEach(NamespaceFile.ConntrackStatistics, (target, text) =>
        {
            isHostRead |= target.Namespace.IsHost;
            var found = StatisticsFile.Read(text);
            if (tracked.Contains(target.Namespace.Inode) || Counters.Any(each => found.GetValueOrDefault(each.Column) > 0))
            {
                foreach (var (metric, column, _) in Counters)
                {
                    if (found.TryGetValue(column, out var value))
                    {
                        samples.Write(metric, labels.Of(metric, target.Owner), value);
                    }
                }
            }
        });
        if (!isHostRead)
        {
            namespaces.InHost(() =>
            {
                using var socket = new NetlinkSocket(NetlinkSocket.Netfilter);
                var found = ConntrackMessages.Statistics(socket);
                foreach (var (metric, _, attribute) in Counters)
                {
                    samples.Write(metric, labels.Of(metric, WorkloadIdentity.Host), found[attribute]);
                }
            });
        }
    }

    /// <returns><see langword="null"/> where the module is not loaded.</returns>
    private ulong? ReadLimit()
    {
        ulong? limit = null;
        namespaces.InHost(() =>
        {
            if (ProcFile.Read(Sysctl.PathOf("net.netfilter.nf_conntrack_max"), ref buffer) is { } length)
            {
                limit = Parse(buffer.AsSpan(0, length).TrimEnd((byte)'\n'));
            }
        });
        return limit;
    }

    private static ulong Parse(ReadOnlySpan<byte> number)
    {
        try
        {
            return ByteText.Unsigned(number);
        }
        catch (FormatException e)
        {
            throw new InvalidDataException($"net.netfilter.nf_conntrack_max: {e.Message}", e);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Connection tracking is off: this kernel has not loaded nf_conntrack; it is looked for at each reading")]
    private partial void LogAbsent();
}

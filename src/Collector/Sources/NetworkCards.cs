using System.Text.RegularExpressions;
using NetPulse.Linux.Ethtool;
using NetPulse.Linux.Netlink;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;

namespace NetPulse.Collector.Sources;

/// <summary>What the drivers of the node's network cards count of trouble.</summary>
/// <remarks>
/// Source: <c>ETHTOOL_GSTATS</c>. Names are the drivers' own; only those that speak of loss, errors or want of room are taken, and the queues of
/// one card are summed. Interfaces that are no hardware have none.
/// </remarks>
public sealed partial class NetworkCards(NamespaceReader namespaces, NodeName node) : ISource
{
    /// <summary>Cards come and go seldom.</summary>
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    private readonly SeriesLabels labels = new(node.Value);
    private IReadOnlyList<string> cards = [];
    private Due next;

    public string Name => "cards";

    /// <summary>The name without its queue's number; <see langword="null"/> where it tells of no trouble.</summary>
    public static string? TroubleOf(string counter) => Trouble().IsMatch(counter) ? Queue().Replace(counter.ToLowerInvariant(), "") : null;

    /// <inheritdoc/>
    public void Read(SampleWriter samples)
    {
        labels.BeginReading();
        namespaces.InHost(() =>
        {
            if (next.IsAt(samples.At))
            {
                using var socket = new NetlinkSocket(NetlinkSocket.Route);
                cards = [.. RouteMessages.Links(socket).Where(link => link is { IsLoopback: false, Kind: "" }).Select(link => link.Name)];
                next = Due.After(Period, samples.At);
            }

            foreach (var card in cards)
            {
                if (DriverCounters.Read(card) is { Bus.Length: > 0 } found)
                {
                    Write(samples, card, found);
                }
            }
        });
    }

    private void Write(SampleWriter samples, string card, DriverCounters found)
    {
        foreach (var counter in found.Counters.Select(each => (Name: TroubleOf(each.Key), each.Value)).Where(each => each.Name is not null).GroupBy(each => each.Name!, StringComparer.Ordinal))
        {
            var series = labels.Of(NodeMetrics.DriverCounter, null, new Label(LabelNames.Interface, card), new Label(LabelNames.Counter, counter.Key));
            samples.Write(NodeMetrics.DriverCounter, series, counter.Aggregate(0.0, static (sum, each) => sum + each.Value));
        }
    }

    [GeneratedRegex("drop|discard|err|miss|no_?buf|no_?dma|no_?space|timeout|fifo|overrun|overflow|crc|pause|full|exhaust|fail|collision|out_of_buffer|allowance_exceeded", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 100)]
    private static partial Regex Trouble();

    /// <summary>As in rx_queue_0_drops, rx0_drops, tx-3.errors, [7]: rx_drops.</summary>
    [GeneratedRegex(@"(_queue)?[_\-]?\[?(?<=[xe_\-\[]|^\[)[0-9]+\]?:?(?=[_\-. :]|$) ?", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 100)]
    private static partial Regex Queue();
}

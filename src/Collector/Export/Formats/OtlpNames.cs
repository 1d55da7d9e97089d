using System.Collections.Frozen;
using System.Collections.Immutable;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;

namespace NetPulse.Collector.Export.Formats;

/// <summary>What a metric is called in OpenTelemetry.</summary>
/// <param name="Unit">UCUM, as <c>By</c>.</param>
internal readonly record struct OtlpName(string Name, string Unit);

/// <summary>Our metrics and labels by the names of OpenTelemetry's semantic conventions; where there is none, below <c>netpulse.</c></summary>
/// <remarks>Source: opentelemetry.io/docs/specs/semconv (system, k8s, dns, network, server attributes).</remarks>
internal static class OtlpNames
{
    /// <summary>The same for a pod and for the node where only the attributes tell them apart; otherwise by whose it is.</summary>
    public static readonly ImmutableArray<(string Metric, OtlpName OfPod, OtlpName OfNode)> Conventions =
    [
        (NamespaceMetrics.InterfaceBytes.Name, new("k8s.pod.network.io", "By"), new("system.network.io", "By")),
        (NamespaceMetrics.InterfaceErrors.Name, new("k8s.pod.network.errors", "{error}"), new("system.network.errors", "{error}")),
        (NamespaceMetrics.InterfacePackets.Name, new("netpulse.interface.packets", "{packet}"), new("system.network.packet.count", "{packet}")),
        (NamespaceMetrics.InterfaceDropped.Name, new("netpulse.interface.dropped", "{packet}"), new("system.network.packet.dropped", "{packet}")),
        (DnsMetrics.LookupDuration.Name, new("dns.lookup.duration", "s"), new("dns.lookup.duration", "s")),
        (ProcessMetrics.ProcessorSeconds.Name, new("process.cpu.time", "s"), new("process.cpu.time", "s")),
        (ProcessMetrics.ResidentBytes.Name, new("process.memory.usage", "By"), new("process.memory.usage", "By")),
    ];

    /// <summary>Labels that have an attribute of their own; <c>network.io.direction</c> has the values that we have.</summary>
    public static readonly FrozenDictionary<string, string> Attributes = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        [LabelNames.Namespace] = "k8s.namespace.name",
        [LabelNames.Pod] = "k8s.pod.name",
        [LabelNames.ServerPort] = "server.port",
        [LabelNames.Interface] = "network.interface.name",
        [LabelNames.Direction] = "network.io.direction",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Labels that are the same for all series of a node, and so belong to the resource.</summary>
    public static readonly FrozenDictionary<string, string> ResourceAttributes = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        [LabelNames.Node] = "k8s.node.name",
        [LabelNames.Cluster] = "k8s.cluster.name",
        [LabelNames.Zone] = "cloud.availability_zone",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, (OtlpName OfPod, OtlpName OfNode)> ByMetric =
        Conventions.ToFrozenDictionary(row => row.Metric, row => (row.OfPod, row.OfNode), StringComparer.Ordinal);

    public static OtlpName Of(MetricDefinition metric, LabelSet labels) =>
        !ByMetric.TryGetValue(metric.Name, out var names) ? Own(metric)
        : labels[LabelNames.Pod].Length > 0 ? names.OfPod
        : names.OfNode;

    public static string AttributeOf(string label) => Attributes.TryGetValue(label, out var attribute) ? attribute : $"netpulse.{label}";

    /// <summary><c>netpulse_tcp_busy_seconds_total</c> is <c>netpulse.tcp.busy</c> in <c>s</c>: the unit and the kind are no part of a name there.</summary>
    private static OtlpName Own(MetricDefinition metric)
    {
        var name = WithoutEnd(metric.Kind == MetricKind.Counter ? WithoutEnd(metric.Name, "_total") : metric.Name, $"_{metric.Unit}");
        for (var dots = 0; dots < 2 && name.IndexOf('_', StringComparison.Ordinal) is > 0 and var at; dots++)
        {
            name = $"{name[..at]}.{name[(at + 1)..]}";
        }

        return new OtlpName(name, metric.Unit switch { "bytes" => "By", "seconds" => "s", _ => "1" });
    }

    private static string WithoutEnd(string text, string end) =>
        end.Length > 1 && text.EndsWith(end, StringComparison.Ordinal) ? text[..^end.Length] : text;
}

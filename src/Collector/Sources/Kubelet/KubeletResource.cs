using System.Collections.Frozen;
using NetPulse.Collector.Attribution;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Collector.Sources.Kubelet;

/// <summary>Processor time and memory of each pod and of the node, beside which its network is read.</summary>
/// <remarks>Source: <c>/metrics/resource</c>; a kubelet without it is named in the log once and has no series.</remarks>
public sealed partial class KubeletResource(KubeletEndpoint endpoint, NodeObserver observer, NodeName node, TimeProvider time, ILogger<KubeletResource> logger) : ISource
{
    public const string Path = "/metrics/resource";

    private static readonly FrozenDictionary<string, MetricDefinition> Wanted = new Dictionary<string, MetricDefinition>(StringComparer.Ordinal)
    {
        ["pod_cpu_usage_seconds_total"] = KubeletMetrics.PodProcessorSeconds,
        ["pod_memory_working_set_bytes"] = KubeletMetrics.PodMemory,
        ["node_cpu_usage_seconds_total"] = KubeletMetrics.NodeProcessorSeconds,
        ["node_memory_working_set_bytes"] = KubeletMetrics.NodeMemory,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private readonly KubeletCounters counters = new(node.Value);
    private byte[]? known;
    private bool isAbsenceKnown;

    public string Name => "kubelet-resource";

    /// <inheritdoc/>
    public void Read(SampleWriter samples)
    {
        byte[]? body;
        try
        {
            body = endpoint.Body;
        }
        catch (KubeletException e) when (e.IsAbsent)
        {
            if (!isAbsenceKnown)
            {
                isAbsenceKnown = true;
                LogAbsent(e.Message);
            }

            return;
        }

        if (body is null)
        {
            return;
        }

        if (!ReferenceEquals(body, known))
        {
            try
            {
                counters.Observe([.. PrometheusText.Read(body, Wanted.ContainsKey).Where(line => line.At is not null).Select(ReadingOf)], time.GetUtcNow());
            }
            catch (FormatException e)
            {
                throw new InvalidDataException($"kubelet {Path}: {e.Message}", e);
            }

            known = body;
        }

        counters.Write(samples);
    }

    private KubeletReading ReadingOf(PrometheusLine line)
    {
        var (of, pod) = (line.Labels.GetValueOrDefault("namespace", ""), line.Labels.GetValueOrDefault("pod", ""));
        var owner = pod.Length == 0 ? null : observer.Current.Owners.PodNamed(of, pod) ?? KubeletPods.Identity(observer.Current, "", of, pod);
        return new KubeletReading(Wanted[line.Name], owner, $"{of}/{pod}", "", false, default, default, line.Value, line.At!.Value);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Processor time and memory are not read, the rest goes on: {Problem}")]
    private partial void LogAbsent(string problem);
}

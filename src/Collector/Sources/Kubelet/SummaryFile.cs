using System.Text.Json;
using System.Text.Json.Serialization;

namespace NetPulse.Collector.Sources.Kubelet;

/// <summary><c>/stats/summary</c> (kubernetes staging/src/k8s.io/kubelet/pkg/apis/stats/v1alpha1/types.go): only the fields that we use.</summary>
public sealed record SummaryFile
{
    public SummaryNode Node { get; init; } = new();

    public IReadOnlyList<SummaryPod> Pods { get; init; } = [];

    /// <exception cref="InvalidDataException">It is no such answer, or half of one.</exception>
    public static SummaryFile Read(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, SummaryJson.Default.SummaryFile) ?? throw new InvalidDataException("kubelet /stats/summary: an empty answer");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"kubelet /stats/summary: no whole answer: {e.Message}", e);
        }
    }
}

public sealed record SummaryNode
{
    public SummaryNetwork? Network { get; init; }

    public DateTimeOffset StartTime { get; init; }
}

public sealed record SummaryPod
{
    public SummaryPodReference PodRef { get; init; } = new();

    /// <summary>Of the sandbox: it changes when the sandbox is made anew, while the API's does not.</summary>
    public DateTimeOffset StartTime { get; init; }

    /// <summary>Absent around such a restart, and on a runtime that the kubelet's cAdvisor does not know.</summary>
    public SummaryNetwork? Network { get; init; }
}

public sealed record SummaryPodReference
{
    public string Name { get; init; } = "";

    public string Namespace { get; init; } = "";

    public string Uid { get; init; } = "";
}

/// <summary>The default interface's numbers stand in it too; <see cref="Interfaces"/> has them all, without veth and loopback.</summary>
public sealed record SummaryNetwork
{
    /// <summary>When the kubelet measured it: up to 30 s ago.</summary>
    public DateTimeOffset Time { get; init; }

    public IReadOnlyList<SummaryInterface> Interfaces { get; init; } = [];
}

public sealed record SummaryInterface
{
    public string Name { get; init; } = "";

    public double? RxBytes { get; init; }

    public double? RxErrors { get; init; }

    public double? TxBytes { get; init; }

    public double? TxErrors { get; init; }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(SummaryFile))]
internal sealed partial class SummaryJson : JsonSerializerContext;

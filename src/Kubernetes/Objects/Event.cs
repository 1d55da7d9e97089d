using System.Text.Json.Serialization;

namespace NetPulse.Kubernetes.Objects;

/// <summary>Kubernetes events.k8s.io/v1 Event: something that happened to an object, for people.</summary>
public sealed record Event : IResource<Event>
{
    public const string Normal = "Normal";
    public const string Warning = "Warning";

    /// <summary>Longer notes are refused (recorded: events/note-too-long-422); the server says characters and counts the bytes of UTF-8.</summary>
    public const int LongestNoteBytes = 1024;

    public static ResourceType Type { get; } = new("events.k8s.io", "v1", "events", nameof(Event), IsNamespaced: true);

    public string ApiVersion { get; init; } = "events.k8s.io/v1";

    public string Kind { get; init; } = nameof(Event);

    public required ObjectMeta Metadata { get; init; }

    [JsonConverter(typeof(MicroTime.JsonConverter))]
    public DateTimeOffset? EventTime { get; init; }

    public string ReportingController { get; init; } = "";

    public string ReportingInstance { get; init; } = "";

    /// <summary>What was done, one CamelCase word; required.</summary>
    public string Action { get; init; } = "";

    /// <summary>Why, one CamelCase word.</summary>
    public string Reason { get; init; } = "";

    /// <summary><see cref="Normal"/> or <see cref="Warning"/>; in JSON <c>type</c>.</summary>
    [JsonPropertyName("type")]
    public string Severity { get; init; } = Normal;

    /// <summary>For people; at most <see cref="LongestNoteBytes"/>.</summary>
    public string Note { get; init; } = "";

    public ObjectReference? Regarding { get; init; }

    public ObjectReference? Related { get; init; }

    /// <summary>The same once more and again; the only part that may be changed later.</summary>
    public EventSeries? Series { get; init; }
}

public sealed record EventSeries
{
    public int Count { get; init; }

    [JsonConverter(typeof(MicroTime.JsonConverter))]
    public DateTimeOffset LastObservedTime { get; init; }
}

/// <summary>Kubernetes <c>v1.ObjectReference</c>.</summary>
public sealed record ObjectReference
{
    public string ApiVersion { get; init; } = "";

    public string Kind { get; init; } = "";

    /// <summary>Empty for cluster-scoped objects.</summary>
    public string Namespace { get; init; } = "";

    public string Name { get; init; } = "";

    public string Uid { get; init; } = "";

    public static ObjectReference To(IKubernetesObject target) => new()
    {
        ApiVersion = target.ApiVersion,
        Kind = target.Kind,
        Namespace = target.Metadata.Namespace,
        Name = target.Metadata.Name,
        Uid = target.Metadata.Uid,
    };
}

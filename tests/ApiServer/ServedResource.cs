using System.Text.Json.Nodes;

namespace NetPulse.ApiServer;

/// <summary>A kind that the server serves.</summary>
internal sealed record ServedResource(string Group, string Version, string Plural, string Kind, bool IsNamespaced)
{
    /// <summary>Status is written at its own address only.</summary>
    public bool HasStatus { get; init; }

    /// <summary>Kinds without the watch cache (events) send no bookmarks.</summary>
    public bool IsCached { get; init; } = true;

    /// <summary>Defined by a CustomResourceDefinition: no strategic merge.</summary>
    public bool IsCustom { get; init; }

    public bool HasGeneration { get; init; }

    public IReadOnlyList<string> ShortNames { get; init; } = [];

    /// <summary>What may stand in an object; nothing is refused without one.</summary>
    public Schema Schema { get; init; } = Schema.Anything;

    /// <summary>Fills in and checks what a schema cannot say. The stored object is null on creation.</summary>
    public Action<JsonObject, JsonObject?, List<Cause>> Check { get; init; } = static (_, _, _) => { };

    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    public string QualifiedPlural => Group.Length == 0 ? Plural : $"{Plural}.{Group}";

    public string QualifiedKind => Group.Length == 0 || Kind == "Event" ? Kind : $"{Kind}.{Group}";

    public string Prefix => Group.Length == 0 ? $"/api/{Version}" : $"/apis/{Group}/{Version}";
}

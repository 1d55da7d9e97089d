using System.Text.Json.Nodes;

namespace NetPulse.ApiServer;

/// <summary>Which kinds there are, as kubectl asks for it.</summary>
internal static class Discovery
{
    /// <returns><see langword="null"/> for other paths.</returns>
    public static JsonObject? Answer(string path, IReadOnlyCollection<ServedResource> resources) => path switch
    {
        "/api" => new JsonObject { ["kind"] = "APIVersions", ["versions"] = new JsonArray("v1") },
        "/apis" => Groups(resources),
        _ when resources.Where(r => r.Prefix == path).ToList() is { Count: > 0 } served => Kinds(served),
        _ => null,
    };

    private static JsonObject Groups(IReadOnlyCollection<ServedResource> resources) => new()
    {
        ["kind"] = "APIGroupList",
        ["apiVersion"] = "v1",
        ["groups"] = new JsonArray([.. resources.Where(static r => r.Group.Length > 0).GroupBy(static r => r.Group, StringComparer.Ordinal).Select(static g => new JsonObject
        {
            ["name"] = g.Key,
            ["versions"] = new JsonArray([.. g.Select(static r => r.ApiVersion).Distinct(StringComparer.Ordinal).Select(static v => Version(v))]),
            ["preferredVersion"] = Version(g.First().ApiVersion),
        })]),
    };

    private static JsonObject Version(string apiVersion) => new() { ["groupVersion"] = apiVersion, ["version"] = apiVersion.Split('/')[^1] };

    private static JsonObject Kinds(List<ServedResource> served) => new()
    {
        ["kind"] = "APIResourceList",
        ["apiVersion"] = "v1",
        ["groupVersion"] = served[0].ApiVersion,
        ["resources"] = new JsonArray([.. served.SelectMany(static r => r.HasStatus ? new[] { Kind(r, ""), Kind(r, "/status") } : [Kind(r, "")])]),
    };

    private static JsonObject Kind(ServedResource resource, string subresource) => new()
    {
        ["name"] = $"{resource.Plural}{subresource}",
        ["singularName"] = subresource.Length > 0 ? "" : resource.Kind.ToLowerInvariant(),
        ["namespaced"] = resource.IsNamespaced,
        ["kind"] = resource.Kind,
        ["verbs"] = subresource.Length > 0 ? new JsonArray("get", "patch", "update") : new JsonArray("create", "delete", "get", "list", "patch", "update", "watch"),
        ["shortNames"] = new JsonArray([.. (subresource.Length > 0 ? [] : resource.ShortNames).Select(static n => JsonValue.Create(n))]),
    };
}

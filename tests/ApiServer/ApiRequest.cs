using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace NetPulse.ApiServer;

/// <summary>A request for a resource, taken apart.</summary>
internal sealed record ApiRequest(HttpContext Http, ServedResource Resource, string Namespace, string Name, string Subresource, string User)
{
    public string Query(string name) => Http.Request.Query[name].ToString();

    public bool Flag(string name) => Query(name) is "true" or "1" or "All";

    public bool IsDryRun => Query("dryRun") == "All";

    public bool IsWatch => HttpMethods.IsGet(Http.Request.Method) && Flag("watch");

    public string Accept => Http.Request.Headers.Accept.ToString();

    public string ContentType => Http.Request.ContentType?.Split(';')[0] ?? "";

    public bool WantsMetadataOnly => Accept.Contains("as=PartialObjectMetadata", StringComparison.Ordinal);

    /// <summary>RBAC's word.</summary>
    public string Verb => Http.Request.Method switch
    {
        "GET" when Name.Length > 0 => "get",
        "GET" => IsWatch ? "watch" : "list",
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        _ => "delete",
    };

    /// <summary>Named, or the User-Agent up to the slash.</summary>
    public string Manager => Query("fieldManager") is { Length: > 0 } named ? named : Http.Request.Headers.UserAgent.ToString().Split('/')[0];

    public Selectors Selectors => new(Query("labelSelector"), Query("fieldSelector"), Resource);

    /// <summary>The object as it is to be sent to this client.</summary>
    public JsonObject View(JsonObject value) => WantsMetadataOnly
        ? new JsonObject { ["kind"] = "PartialObjectMetadata", ["apiVersion"] = "meta.k8s.io/v1", ["metadata"] = value["metadata"]!.DeepClone() }
        : value;
}

using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace NetPulse.ApiServer;

/// <summary>create, replace, patch, apply and delete.</summary>
internal sealed partial class Writing(ObjectStorage storage, TestApiServer server)
{
    private const int LongestManager = 128;

    private static readonly string[] FromServer = ["uid", "creationTimestamp", "generation", "managedFields", "resourceVersion"];

    /// <summary>Warnings for the answer's headers.</summary>
    public sealed record Written(int Code, JsonObject Value, IReadOnlyList<string> Warnings);

    public Written Create(ApiRequest request, byte[] body)
    {
        var value = Object(request, body);
        var metadata = Metadata(value);
        if (metadata["name"].Text().Length == 0 && metadata["generateName"].Text() is { Length: > 0 } prefix)
        {
            metadata["name"] = $"{prefix}{Convert.ToHexStringLower(Guid.NewGuid().ToByteArray().AsSpan(0, 3))[..5]}";
        }

        var name = metadata["name"].Text();
        var unknown = Unknown(request, value);
        lock (storage.Gate)
        {
            DemandNamespace(request, name);
            if (storage.Find(request.Resource, request.Namespace, name) is not null)
            {
                throw RefusalException.AlreadyExists(request.Resource, name);
            }

            return new Written(201, Insert(request, value, isApply: false, null), unknown);
        }
    }

    public Written Replace(ApiRequest request, byte[] body)
    {
        var value = Object(request, body);
        var unknown = Unknown(request, value);
        lock (storage.Gate)
        {
            var stored = Stored(request);
            DemandSame(request, Metadata(value), stored);
            return new Written(200, Change(request, stored, value, isApply: false), unknown);
        }
    }

    public Written Patch(ApiRequest request, byte[] body) => request.ContentType switch
    {
        "application/apply-patch+yaml" => Apply(request, body),
        "application/merge-patch+json" => Patch(request, stored => Patches.Merge(stored, Parse(request, body).AsObject())),
        "application/json-patch+json" => Patch(request, stored => Patches.Json(stored, Parse(request, body).AsArray())),

        // Merging is enough for the built-in kinds that tests patch this way.
        "application/strategic-merge-patch+json" when !request.Resource.IsCustom => Patch(request, stored => Patches.Merge(stored, Parse(request, body).AsObject())),
        _ => throw new RefusalException(415, "UnsupportedMediaType", "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml"),
    };

    public JsonObject Delete(ApiRequest request, byte[] body)
    {
        var options = body.Length == 0 ? [] : Parse(request, body).AsObject();
        lock (storage.Gate)
        {
            var stored = Stored(request);
            var metadata = Metadata(stored);
            Demand("uid", "UID", "The object might have been deleted and then recreated");
            Demand("resourceVersion", "ResourceVersion", "The object might have been modified");
            var isDryRun = request.IsDryRun || options["dryRun"] is JsonArray { Count: > 0 };
            if (metadata["finalizers"] is JsonArray { Count: > 0 } || request.Resource == BuiltIn.Namespaces)
            {
                var held = stored.DeepClone().AsObject();
                Metadata(held)["deletionTimestamp"] ??= Now();
                if (request.Resource == BuiltIn.Namespaces)
                {
                    held["status"] = new JsonObject { ["phase"] = "Terminating" };
                }

                return isDryRun ? held : storage.Store(request.Resource, held);
            }

            if (!isDryRun)
            {
                storage.Delete(request.Resource, stored);
            }

            var details = RefusalException.Details(request.Resource, request.Name);
            details["uid"] = metadata["uid"]!.DeepClone();
            return new JsonObject { ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Success", ["details"] = details };

            void Demand(string field, string called, string hint)
            {
                if (options["preconditions"]?[field].Text() is { Length: > 0 } expected && expected != metadata[field].Text())
                {
                    throw new RefusalException(
                        409, "Conflict",
                        $"Operation cannot be fulfilled on {request.Resource.QualifiedKind} \"{request.Name}\": the {called} in the precondition ({expected}) does not match the {called} in record ({metadata[field].Text()}). {hint}",
                        new JsonObject { ["name"] = request.Name, ["group"] = request.Resource.Group, ["kind"] = request.Resource.Kind });
                }
            }
        }
    }

    private Written Patch(ApiRequest request, Func<JsonObject, JsonObject> patch)
    {
        lock (storage.Gate)
        {
            var stored = Stored(request);
            var value = patch(stored);
            DemandSame(request, Metadata(value), stored);
            var unknown = Unknown(request, value);
            return new Written(200, Change(request, stored, value, isApply: false), unknown);
        }
    }

    private Written Apply(ApiRequest request, byte[] body)
    {
        if (request.Query("fieldManager").Length == 0)
        {
            throw RefusalException.InvalidOptions("PatchOptions", "fieldManager", "FieldValueRequired", "Required value: is required for apply patch");
        }

        if (request.Query("fieldManager").Length > LongestManager)
        {
            throw RefusalException.InvalidOptions("PatchOptions", "fieldManager", "FieldValueTooLong", "Too long: may not be more than 128 bytes");
        }

        var applied = Parse(request, body).AsObject();
        if (applied["kind"].Text().Length == 0 || applied["apiVersion"].Text().Length == 0)
        {
            throw RefusalException.BadRequest("invalid object type: /, Kind=");
        }

        var metadata = Metadata(applied);
        if (metadata["name"].Text() is { Length: > 0 } name && name != request.Name)
        {
            throw RefusalException.BadRequest($"the name of the object ({name}) does not match the name on the URL ({request.Name})");
        }

        if (metadata.ContainsKey("managedFields"))
        {
            throw RefusalException.BadRequest("metadata.managedFields must be nil");
        }

        metadata["name"] = request.Name;
        if (request.Resource.Schema.Unknown(applied, "", prune: false).FirstOrDefault() is { } unknown)
        {
            throw new RefusalException(500, "", $"failed to create typed patch object ({request.Namespace}/{request.Name}; {request.Resource.ApiVersion}, Kind={request.Resource.Kind}): .{unknown}: field not declared in schema");
        }

        lock (storage.Gate)
        {
            if (storage.Find(request.Resource, request.Namespace, request.Name) is { } stored)
            {
                DemandSame(request, metadata, stored);
                return new Written(200, Change(request, stored, applied, isApply: true), []);
            }

            if (request.Subresource.Length > 0)
            {
                throw RefusalException.NotFound(request.Resource, request.Name);
            }

            if (metadata["uid"].Text() is { Length: > 0 } uid)
            {
                throw RefusalException.Invalid(request.Resource, request.Name, Cause.Invalid("metadata.uid", $"\"{uid}\"", "field is immutable"));
            }

            // An apply that creates is asked for as both.
            server.DemandAllowed(request, "create");
            DemandNamespace(request, request.Name);
            return new Written(201, Insert(request, applied, isApply: true, applied), []);
        }
    }

    private JsonObject Insert(ApiRequest request, JsonObject value, bool isApply, JsonObject? applied)
    {
        var metadata = Metadata(value);
        foreach (var field in FromServer)
        {
            metadata.Remove(field);
        }

        if (request.Resource.HasStatus && request.Resource.IsCustom)
        {
            value.Remove("status");
        }

        (value["kind"], value["apiVersion"]) = (request.Resource.Kind, request.Resource.ApiVersion);
        if (request.Resource.IsNamespaced)
        {
            metadata["namespace"] = request.Namespace;
        }

        metadata["uid"] = Guid.NewGuid().ToString();
        metadata["creationTimestamp"] = Now();
        if (request.Resource.HasGeneration || request.Resource.IsCustom)
        {
            metadata["generation"] = 1;
        }

        var intent = applied?.DeepClone().AsObject();
        Settle(request, value, null);
        Account(request, intent, null, value, isApply);
        return request.IsDryRun ? value : server.Stored(request.Resource, storage.Store(request.Resource, value));
    }

    private JsonObject Change(ApiRequest request, JsonObject stored, JsonObject wanted, bool isApply)
    {
        var before = stored.DeepClone().AsObject();
        var after = isApply ? stored.DeepClone().AsObject() : wanted.DeepClone().AsObject();
        if (isApply)
        {
            ServerSideApply.Apply(after, wanted, request.Resource, WriterOf(request, isApply: true));
        }

        var metadata = Metadata(after);
        foreach (var field in FromServer)
        {
            if (field != "managedFields" || !isApply)
            {
                metadata[field] = Metadata(stored)[field]?.DeepClone();
            }
        }

        (after["kind"], after["apiVersion"]) = (request.Resource.Kind, request.Resource.ApiVersion);
        metadata["name"] = request.Name;
        if (request.Resource.IsNamespaced)
        {
            metadata["namespace"] = request.Namespace;
        }

        KeepTheOtherPart(request, stored, after);
        foreach (var empty in metadata.Where(static p => p.Value is null).Select(static p => p.Key).ToList())
        {
            metadata.Remove(empty);
        }

        Settle(request, after, before);
        if (isApply)
        {
            // Already in the book.
        }
        else
        {
            ServerSideApply.Update(before, after, request.Resource, WriterOf(request, isApply: false));
        }

        if (SameButForTimes(before, after))
        {
            return before;
        }

        if (metadata.ContainsKey("generation") && request.Subresource.Length == 0 && !SameSpec(before, after))
        {
            metadata["generation"] = metadata["generation"].Number() + 1;
        }

        if (request.IsDryRun)
        {
            return after;
        }

        if (metadata.ContainsKey("deletionTimestamp") && metadata["finalizers"] is not JsonArray { Count: > 0 } && request.Resource != BuiltIn.Namespaces)
        {
            storage.Delete(request.Resource, after);
            return after;
        }

        return server.Stored(request.Resource, storage.Store(request.Resource, after));
    }

    /// <summary>Status is not touched at the object's address, and nothing else at the status's.</summary>
    private static void KeepTheOtherPart(ApiRequest request, JsonObject stored, JsonObject after)
    {
        if (!request.Resource.HasStatus)
        {
            return;
        }

        var isStatus = request.Subresource == "status";
        foreach (var field in stored.Concat(after).Select(static p => p.Key).Distinct(StringComparer.Ordinal).Where(f => f is not ("metadata" or "kind" or "apiVersion") && (f == "status") != isStatus).ToList())
        {
            after.Remove(field);
            if (stored[field] is { } kept)
            {
                after[field] = kept.DeepClone();
            }
        }

        if (isStatus)
        {
            foreach (var field in new[] { "labels", "annotations", "finalizers", "ownerReferences" })
            {
                Metadata(after)[field] = Metadata(stored)[field]?.DeepClone();
            }
        }
    }

    /// <summary>Defaults and validation.</summary>
    private static void Settle(ApiRequest request, JsonObject value, JsonObject? stored)
    {
        var causes = new List<Cause>();
        var name = Metadata(value)["name"].Text();
        if (!ObjectName().IsMatch(name) && name.Length > 0)
        {
            causes.Add(Cause.Invalid("metadata.name", $"\"{name}\"", "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character"));
        }
        else if (name.Length == 0)
        {
            causes.Add(Cause.Required("metadata.name", "name or generateName is required"));
        }

        BuiltIn.DemandMicroTimes(request.Resource, value);
        request.Resource.Check(value, stored, causes);
        request.Resource.Schema.Default(value);
        foreach (var _ in request.Resource.Schema.Unknown(value, "", prune: true))
        {
            // What is not declared is not stored.
        }

        causes.AddRange(request.Resource.Schema.Faults(value, ""));
        if (causes.Count > 0)
        {
            throw RefusalException.Invalid(request.Resource, name, causes);
        }
    }

    private void Account(ApiRequest request, JsonObject? intent, JsonObject? before, JsonObject value, bool isApply)
    {
        if (isApply)
        {
            ServerSideApply.Apply(value, intent!, request.Resource, WriterOf(request, isApply: true));
        }
        else
        {
            ServerSideApply.Update(before, value, request.Resource, WriterOf(request, isApply: false));
        }
    }

    private Writer WriterOf(ApiRequest request, bool isApply) => new(request.Manager, isApply, request.Subresource, request.Flag("force"), Now());

    private static IReadOnlyList<string> Unknown(ApiRequest request, JsonObject value)
    {
        var unknown = request.Resource.Schema.Unknown(value, "", prune: false).ToList();
        return (unknown.Count, request.Query("fieldValidation")) switch
        {
            (0, _) or (_, "Ignore") => [],
            (_, "Strict") when request.Resource.IsCustom && request.Http.Request.Method == "PATCH" => throw RefusalException.BadRequest($"strict decoding error: {string.Join(", ", unknown.Select(static u => $"unknown field \"{u}\""))}"),
            (_, "Strict") => throw RefusalException.BadRequest($"{request.Resource.Kind} in version \"{request.Resource.Version}\" cannot be handled as a {request.Resource.Kind}: strict decoding error: {string.Join(", ", unknown.Select(static u => $"unknown field \"{u}\""))}"),
            _ => [.. unknown.Select(static u => $"unknown field \"{u}\"")],
        };
    }

    private JsonObject Stored(ApiRequest request) => storage.Find(request.Resource, request.Namespace, request.Name) ?? throw RefusalException.NotFound(request.Resource, request.Name);

    private static void DemandSame(ApiRequest request, JsonObject metadata, JsonObject stored)
    {
        if (metadata["uid"].Text() is { Length: > 0 } uid && uid != Metadata(stored)["uid"].Text())
        {
            throw RefusalException.Invalid(request.Resource, request.Name, Cause.Invalid("metadata.uid", $"\"{uid}\"", "field is immutable"));
        }

        if (metadata["resourceVersion"].Text() is { Length: > 0 } version && version != Metadata(stored)["resourceVersion"].Text())
        {
            throw RefusalException.Modified(request.Resource, request.Name);
        }
    }

    private void DemandNamespace(ApiRequest request, string name)
    {
        if (!request.Resource.IsNamespaced)
        {
            return;
        }

        var found = storage.Find(BuiltIn.Namespaces, "", request.Namespace) ?? throw RefusalException.NotFound(BuiltIn.Namespaces, request.Namespace);
        if (found["status"]?["phase"].Text() == "Terminating")
        {
            throw RefusalException.Terminating(request.Resource, name, request.Namespace);
        }
    }

    private static JsonObject Object(ApiRequest request, byte[] body) => Parse(request, body) as JsonObject ?? throw RefusalException.BadRequest("the object provided is unrecognized");

    private static JsonNode Parse(ApiRequest request, byte[] body)
    {
        try
        {
            return JsonNode.Parse(body) ?? throw RefusalException.BadRequest("the body is null");
        }
        catch (JsonException)
        {
            throw RefusalException.BadRequest($"the object provided is unrecognized (must be of type {request.Resource.Kind}): couldn't get version/kind; json parse error");
        }
    }

    private static JsonObject Metadata(JsonObject value) => (value["metadata"] ??= new JsonObject()).AsObject();

    /// <summary>A write that changes nothing has no version of its own; times in the book alone are no change.</summary>
    private static bool SameButForTimes(JsonObject before, JsonObject after)
    {
        return JsonNode.DeepEquals(WithoutTimes(before), WithoutTimes(after));

        static JsonObject WithoutTimes(JsonObject value)
        {
            var copy = value.DeepClone().AsObject();
            var book = (Metadata(copy)["managedFields"] as JsonArray ?? []).Select(static e =>
            {
                var entry = e!.DeepClone().AsObject();
                entry.Remove("time");
                return entry.ToJsonString();
            }).Order(StringComparer.Ordinal);
            Metadata(copy)["managedFields"] = new JsonArray([.. book.Select(static b => JsonValue.Create(b))]);
            return copy;
        }
    }

    private static bool SameSpec(JsonObject before, JsonObject after) =>
        before.Concat(after).Select(static p => p.Key).Distinct(StringComparer.Ordinal).Where(static k => k is not ("metadata" or "status")).All(k => JsonNode.DeepEquals(before[k], after[k]));

    private string Now() => server.Time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\A[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z")]
    private static partial Regex ObjectName();
}

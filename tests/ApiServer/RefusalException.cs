using System.Text.Json.Nodes;

namespace NetPulse.ApiServer;

/// <summary>An answer that is no object: kept as the Status that a real server sends.</summary>
public sealed class RefusalException(int code, string reason, string message, JsonObject? details = null) : Exception(message)
{
    public int Code { get; } = code;

    public string Reason { get; } = reason;

    /// <summary>Seconds, where the server asks to wait.</summary>
    public int RetryAfter { get; init; }

    /// <summary>Of a list that lost its moment.</summary>
    public string Continue { get; init; } = "";

    public JsonObject Status()
    {
        var status = new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = Continue.Length > 0 ? new JsonObject { ["continue"] = Continue } : [],
            ["status"] = "Failure",
            ["message"] = Message,
        };
        if (Reason.Length > 0)
        {
            status["reason"] = Reason;
        }

        if (details is not null)
        {
            status["details"] = details.DeepClone();
        }

        status["code"] = Code;
        return status;
    }

    internal static RefusalException NotFound(ServedResource resource, string name) =>
        new(404, "NotFound", $"{resource.QualifiedPlural} \"{name}\" not found", Details(resource, name));

    internal static RefusalException NoSuchPath() => new(404, "NotFound", "the server could not find the requested resource", []);

    internal static RefusalException AlreadyExists(ServedResource resource, string name) =>
        new(409, "AlreadyExists", $"{resource.QualifiedPlural} \"{name}\" already exists", Details(resource, name));

    internal static RefusalException Modified(ServedResource resource, string name) => new(
        409, "Conflict", $"Operation cannot be fulfilled on {resource.QualifiedPlural} \"{name}\": the object has been modified; please apply your changes to the latest version and try again", Details(resource, name));

    internal static RefusalException BadRequest(string message) => new(400, "BadRequest", message);

    internal static RefusalException Invalid(ServedResource resource, string name, params IReadOnlyList<Cause> causes)
    {
        var listed = string.Join(", ", causes.Select(static c => $"{c.Field}: {c.Message}"));
        var details = new JsonObject { ["name"] = name };
        if (resource.Group.Length > 0)
        {
            details["group"] = resource.Group;
        }

        details["kind"] = resource.Kind;
        details["causes"] = new JsonArray([.. causes.Select(static c => new JsonObject { ["reason"] = c.Reason, ["message"] = c.Message, ["field"] = c.Field })]);
        return new RefusalException(422, "Invalid", $"{resource.QualifiedKind} \"{name}\" is invalid: {(causes.Count == 1 ? listed : $"[{listed}]")}", details);
    }

    internal static RefusalException InvalidOptions(string kind, string field, string reason, string message) => new(
        422, "Invalid", $"{kind}.meta.k8s.io \"\" is invalid: {field}: {message}",
        new JsonObject { ["group"] = "meta.k8s.io", ["kind"] = kind, ["causes"] = new JsonArray(new JsonObject { ["reason"] = reason, ["message"] = message, ["field"] = field }) });

    internal static RefusalException Forbidden(string user, string verb, ServedResource resource, string subresource, string @namespace, string name)
    {
        var what = subresource.Length > 0 ? $"{resource.Plural}/{subresource}" : resource.Plural;
        var where = @namespace.Length > 0 ? $"in the namespace \"{@namespace}\"" : "at the cluster scope";
        var details = Details(resource, name);
        if (name.Length == 0)
        {
            details.Remove("name");
        }

        return new RefusalException(403, "Forbidden", $"{resource.QualifiedPlural}{(name.Length > 0 ? $" \"{name}\"" : "")} is forbidden: User \"{user}\" cannot {verb} resource \"{what}\" in API group \"{resource.Group}\" {where}", details);
    }

    internal static RefusalException Terminating(ServedResource resource, string name, string @namespace)
    {
        var details = Details(resource, name);
        details["causes"] = new JsonArray(new JsonObject { ["reason"] = "NamespaceTerminating", ["message"] = $"namespace {@namespace} is being terminated", ["field"] = "metadata.namespace" });
        return new RefusalException(403, "Forbidden", $"{resource.QualifiedPlural} \"{name}\" is forbidden: unable to create new content in namespace {@namespace} because it is being terminated", details);
    }

    internal static JsonObject Details(ServedResource resource, string name)
    {
        var details = new JsonObject { ["name"] = name };
        if (resource.Group.Length > 0)
        {
            details["group"] = resource.Group;
        }

        details["kind"] = resource.Plural;
        return details;
    }
}

/// <summary>One field that validation refuses.</summary>
internal sealed record Cause(string Field, string Reason, string Message)
{
    public static Cause Required(string field, string detail = "") => new(field, "FieldValueRequired", detail.Length > 0 ? $"Required value: {detail}" : "Required value");

    public static Cause Invalid(string field, string value, string detail) => new(field, "FieldValueInvalid", $"Invalid value: {value}: {detail}");

    public static Cause Unsupported(string field, string value, string supported) => new(field, "FieldValueNotSupported", $"Unsupported value: \"{value}\": supported values: {supported}");
}

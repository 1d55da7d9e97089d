using System.Collections.Immutable;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Kubernetes.Client;

/// <summary>Kubernetes <c>metav1.Status</c>: what the server says where it has no object to answer.</summary>
internal sealed record ApiStatus
{
    public ListMeta Metadata { get; init; } = new();

    public string Status { get; init; } = "";

    public string Message { get; init; } = "";

    /// <summary>As <c>Conflict</c>, <c>AlreadyExists</c>; empty for some errors of the server itself.</summary>
    public string Reason { get; init; } = "";

    public StatusDetails Details { get; init; } = new();

    public int Code { get; init; }
}

internal sealed record StatusDetails
{
    public string Name { get; init; } = "";

    public string Group { get; init; } = "";

    /// <summary>Sometimes the kind, sometimes the plural.</summary>
    public string Kind { get; init; } = "";

    public string Uid { get; init; } = "";

    public int RetryAfterSeconds { get; init; }

    public IReadOnlyList<StatusCause> Causes { get; init; } = [];
}

internal sealed record StatusCause
{
    public string Reason { get; init; } = "";

    public string Message { get; init; } = "";

    public string Field { get; init; } = "";
}

/// <summary>From an answer of the API server, a kubelet or a proxy before them, to what it means.</summary>
internal static partial class StatusReader
{
    private const int LongestPlainText = 300;

    /// <summary>An error that came as an answer of its own.</summary>
    /// <param name="isJsonPatch">The request was a JSON patch: its failed test is a 422 without fields.</param>
    /// <param name="retryAfter">Of the header; zero without one.</param>
    public static KubernetesException Read(string operation, HttpStatusCode code, ReadOnlySpan<byte> body, TimeSpan retryAfter, bool isJsonPatch = false)
    {
        var status = Parse(body) ?? new ApiStatus { Message = PlainText(code, body) };
        return Of(operation, status with { Code = (int)code }, retryAfter, isJsonPatch);
    }

    /// <summary>An error that came inside a watch, under HTTP 200.</summary>
    public static KubernetesException Of(string operation, ApiStatus status, TimeSpan retryAfter = default, bool isJsonPatch = false) =>
        new(operation, Fault(status, retryAfter, isJsonPatch), status.Code, status.Message.Length > 0 ? status.Message : $"{(HttpStatusCode)status.Code}");

    public static ApiStatus? Parse(ReadOnlySpan<byte> body)
    {
        try
        {
            return JsonSerializer.Deserialize(body, KubernetesJson.TypeOf<ApiStatus>()) is { Status.Length: > 0 } status ? status : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static ApiFault Fault(ApiStatus status, TimeSpan retryAfter, bool isJsonPatch)
    {
        var details = status.Details;
        var delay = retryAfter > TimeSpan.Zero ? retryAfter : TimeSpan.FromSeconds(details.RetryAfterSeconds);
        var unknown = UnknownFields(status.Message);
        return status.Code switch
        {
            400 or 500 when unknown.Length > 0 => new ApiFault.UnknownFields(unknown),
            400 or 405 or 406 or 413 or 415 => new ApiFault.BadRequest(),
            401 => new ApiFault.Unauthorized(),
            403 => Forbidden(status),
            404 => new ApiFault.NotFound(details.Kind, details.Name),
            409 when details.Causes.Any(static c => c.Reason == "FieldManagerConflict") =>
                new ApiFault.FieldManagerConflict([.. details.Causes.Where(static c => c.Reason == "FieldManagerConflict").Select(static c => new OwnedField(Manager(c.Message), c.Field))]),
            409 when status.Reason == "AlreadyExists" => new ApiFault.AlreadyExists(details.Kind, details.Name),
            409 => new ApiFault.VersionConflict(details.Kind, details.Name),
            410 => new ApiFault.Gone(status.Metadata.Continue),
            422 when isJsonPatch && details.Causes.Count == 0 => new ApiFault.PatchRejected(),

            // The same cause may be listed twice (recorded: events/immutable-422).
            422 => new ApiFault.Invalid([.. details.Causes.Select(static c => new InvalidField(c.Field, c.Reason, c.Message)).Distinct()]),
            429 => new ApiFault.Throttled(delay > TimeSpan.Zero ? delay : TimeSpan.FromSeconds(1)),
            >= 500 => new ApiFault.Unavailable(delay),
            _ => new ApiFault.Garbled(),
        };
    }

    private static ApiFault Forbidden(ApiStatus status)
    {
        if (status.Details.Causes.FirstOrDefault(static c => c.Reason == "NamespaceTerminating") is not null)
        {
            return new ApiFault.NamespaceTerminating(TerminatingNamespace().Match(status.Message).Groups["namespace"].Value);
        }

        var match = MissingRole().Match(status.Message);
        if (!match.Success && KubeletMissingRole().Match(status.Message) is { Success: true } kubelet)
        {
            match = kubelet;
        }

        return match.Success
            ? new ApiFault.Forbidden(match.Groups["user"].Value, match.Groups["verb"].Value, Resource(match), match.Groups["group"].Value, match.Groups["namespace"].Value, status.Details.Name)
            : new ApiFault.AdmissionDenied(status.Message);
    }

    private static string Resource(Match match) =>
        match.Groups["subresource"].Value is { Length: > 0 } subresource ? $"{match.Groups["resource"].Value}/{subresource}" : match.Groups["resource"].Value;

    private static string Manager(string message) => ConflictingManager().Match(message) is { Success: true } match ? match.Groups["manager"].Value : message;

    private static ImmutableArray<string> UnknownFields(string message) =>
        [.. StrictlyUnknown().Matches(message).Concat(UndeclaredInSchema().Matches(message)).Select(static match => match.Groups["field"].Value.TrimStart('.')).Distinct(StringComparer.Ordinal)];

    private static string PlainText(HttpStatusCode code, ReadOnlySpan<byte> body)
    {
        var text = Encoding.UTF8.GetString(body[..Math.Min(body.Length, LongestPlainText)]).Trim();
        return text.Length == 0 ? code.ToString() : text.ReplaceLineEndings(" ");
    }

    /// <summary>Seconds, or a date; zero where there is none.</summary>
    public static TimeSpan RetryAfter(HttpResponseMessage response, TimeProvider time) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } when date > time.GetUtcNow() => date - time.GetUtcNow(),
        _ => TimeSpan.Zero,
    };

    [GeneratedRegex("""User "(?<user>[^"]*)" cannot (?<verb>\S+) (?:resource "(?<resource>[^"]*)" in API group "(?<group>[^"]*)"|path "(?<resource>[^"]*)")(?: in the namespace "(?<namespace>[^"]*)")?""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex MissingRole();

    /// <summary>The kubelet's own words, plain text: <c>Forbidden (user=..., verb=get, resource=nodes, subresource(s)=[proxy])</c>.</summary>
    [GeneratedRegex(@"Forbidden \(user=(?<user>[^,]*), verb=(?<verb>[^,]*), resource=(?<resource>[^,]*), subresource(?:\(s\))?=\[?(?<subresource>[^\])]*)\]?\)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex KubeletMissingRole();

    [GeneratedRegex("in namespace (?<namespace>[a-z0-9-]+) because it is being terminated", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex TerminatingNamespace();

    [GeneratedRegex("""^conflict with "(?<manager>[^"]*)".*""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ConflictingManager();

    [GeneratedRegex("""(?:unknown|duplicate) field "(?<field>[^"]*)""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex StrictlyUnknown();

    [GeneratedRegex(@"(?<field>\.[^\s:]+): field not declared in schema", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex UndeclaredInSchema();
}

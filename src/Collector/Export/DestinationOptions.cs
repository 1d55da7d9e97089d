using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace NetPulse.Collector.Export;

public enum DestinationKind
{
    /// <summary>Prometheus remote write 1.0: Prometheus, VictoriaMetrics, Mimir, Thanos, our optimizer.</summary>
    RemoteWrite,

    /// <summary>InfluxDB's line protocol, version 1 (a database) or 2 (an organization and a bucket).</summary>
    Influx,

    /// <summary>OpenTelemetry's protocol, over HTTP or gRPC.</summary>
    Otlp,
}

/// <summary>One way out.</summary>
public sealed class DestinationOptions : IValidatableObject
{
    /// <summary>As it stands in the label <c>destination</c>, the log and the spool: letters, digits, <c>-</c>, <c>_</c> and <c>.</c>; at most 63.</summary>
    [Required, RegularExpression("^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
    public string Name { get; set; } = "";

    /// <summary>RemoteWrite unless set.</summary>
    public DestinationKind Kind { get; set; } = DestinationKind.RemoteWrite;

    /// <summary>As <c>http://optimizer:9480/api/v1/write</c>; for Influx what its endpoints are below, as <c>http://influx:8086</c>; for OTLP without a path <c>/v1/metrics</c> is meant.</summary>
    [Required, Url]
    public string Url { get; set; } = "";

    /// <summary>Readings that are sent together: 1 to 100; 4 unless set. Each series is named once a request, so that four take little more than one.</summary>
    [Range(1, 100)]
    public int Readings { get; set; } = 4;

    /// <summary>How long the first of them may wait for the others: 0 s to 10 min; 30 s unless set. That is how much later a reading may arrive.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan MaxWait { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long one request may take: 1 s to 5 min; 10 s unless set.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Bytes of requests a second, 100 or more; as many as it takes unless set. Where they do not suffice, every 2nd, 4th, … reading is sent: resolution gives way before data.</summary>
    [Range(100L, long.MaxValue)]
    public long? BytesPerSecond { get; set; }

    /// <summary>Only the series that have, for each label named here, one of the values listed; all unless set.</summary>
    public Dictionary<string, List<string>> Match { get; set; } = [];

    /// <summary>HTTP headers of each request, as <c>X-Scope-OrgID</c>.</summary>
    public Dictionary<string, string> Headers { get; set; } = [];

    /// <summary>File that holds a token, re-read for each request: <c>Authorization: Bearer</c>, for Influx <c>Token</c>.</summary>
    public string? TokenFile { get; set; }

    /// <summary>For <c>Authorization: Basic</c>, together with the password's file.</summary>
    public string? Username { get; set; }

    /// <summary>File that holds the password, re-read for each request.</summary>
    public string? PasswordFile { get; set; }

    /// <summary>PEM file with the authorities that the server's certificate must come from; the system's unless set.</summary>
    public string? CaFile { get; set; }

    public InfluxOptions Influx { get; set; } = new();

    public OtlpOptions Otlp { get; set; } = new();

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Kind == DestinationKind.Influx && string.IsNullOrEmpty(Influx.Database) == string.IsNullOrEmpty(Influx.Bucket))
        {
            yield return new ValidationResult("needs influx.database (version 1) or influx.bucket with influx.organization (version 2)", [nameof(Influx)]);
        }

        if (!string.IsNullOrEmpty(Username) != !string.IsNullOrEmpty(PasswordFile))
        {
            yield return new ValidationResult("needs passwordFile, and passwordFile needs username", [nameof(Username)]);
        }

        foreach (var (label, values) in Match)
        {
            if (values is not { Count: > 0 })
            {
                yield return new ValidationResult(string.Create(CultureInfo.InvariantCulture, $"needs a list of values for {label}, as match: {{{label}: [shop, data]}}"), [nameof(Match)]);
            }
        }
    }
}

public sealed class InfluxOptions
{
    /// <summary>Version 1: the database, as <c>netpulse</c> or <c>netpulse/autogen</c> with its retention policy.</summary>
    public string? Database { get; set; }

    /// <summary>Version 2 and 3: the organization's name or id.</summary>
    public string? Organization { get; set; }

    /// <summary>Version 2 and 3.</summary>
    public string? Bucket { get; set; }
}

public enum OtlpProtocol
{
    /// <summary>HTTP with protobuf, usually port 4318.</summary>
    Http,

    /// <summary>gRPC, usually port 4317.</summary>
    Grpc,
}

public sealed class OtlpOptions
{
    /// <summary>Http unless set.</summary>
    public OtlpProtocol Protocol { get; set; } = OtlpProtocol.Http;
}

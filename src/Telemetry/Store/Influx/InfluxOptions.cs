using System.ComponentModel.DataAnnotations;

namespace NetPulse.Telemetry.Store.Influx;

public enum InfluxVersion
{
    /// <summary>Writes to <c>/write</c>, reads InfluxQL.</summary>
    V1,

    /// <summary>Writes to <c>/api/v2/write</c>, reads InfluxQL; needs a mapping of database and retention policy to the bucket.</summary>
    V2,

    /// <summary>Writes to <c>/api/v2/write</c>, reads Flux.</summary>
    V2Flux,

    /// <summary>Writes to <c>/api/v2/write</c>, reads InfluxQL at the compatibility endpoint.</summary>
    V3,
}

/// <summary>Which InfluxDB, and where in it. Whoever makes the store validates these.</summary>
public sealed class InfluxOptions : IValidatableObject
{
    /// <summary>As <c>http://influxdb:8086</c>.</summary>
    public Uri? Url { get; set; }

    /// <summary>V1 unless set.</summary>
    public InfluxVersion Version { get; set; } = InfluxVersion.V1;

    /// <summary>The database of 1.x and of InfluxQL, and the bucket of 2.x and 3.x: netpulse unless set.</summary>
    [Required]
    public string Database { get; set; } = "netpulse";

    /// <summary>Of 1.x, and of InfluxQL on 2.x; the database's default unless set.</summary>
    public string RetentionPolicy { get; set; } = "";

    /// <summary>The organisation of 2.x; none unless set.</summary>
    public string Organization { get; set; } = "";

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Version == InfluxVersion.V2Flux && Organization.Length == 0)
        {
            yield return new ValidationResult("is needed for Flux", [nameof(Organization)]);
        }
    }
}

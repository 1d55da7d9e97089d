using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using NetPulse.Telemetry.Store.Embedded;
using NetPulse.Telemetry.Store.Influx;

namespace NetPulse.Optimizer.Ingest;

public enum StoreKind
{
    /// <summary>Files of this machine; no server.</summary>
    Embedded,

    /// <summary>Anything that takes Prometheus remote write and answers its query API: VictoriaMetrics, Prometheus, Mimir, Thanos.</summary>
    Prometheus,

    /// <summary>InfluxDB 1.x, 2.x or 3.x.</summary>
    Influx,
}

public sealed class StoreOptions : IValidatableObject
{
    /// <summary>Embedded unless set.</summary>
    public StoreKind Kind { get; set; } = StoreKind.Embedded;

    [ValidateObjectMembers]
    public EmbeddedStoreOptions Embedded { get; set; } = new() { Directory = "/var/lib/netpulse/store" };

    /// <summary>Where samples are written, as <c>http://victoria-metrics:8428/api/v1/write</c>; needed for Prometheus.</summary>
    public Uri? WriteUrl { get; set; }

    /// <summary>Where queries are asked, as <c>http://victoria-metrics:8428</c>; needed for Prometheus.</summary>
    public Uri? QueryUrl { get; set; }

    /// <summary>Which InfluxDB; its address is needed for Influx.</summary>
    [ValidateObjectMembers]
    public InfluxOptions Influx { get; set; } = new();

    /// <summary>How a server knows us; nothing unless set.</summary>
    [ValidateObjectMembers]
    public StoreAccessOptions Access { get; set; } = new();

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Kind == StoreKind.Prometheus && WriteUrl is null)
        {
            yield return new ValidationResult("is needed when kind is Prometheus, as http://victoria-metrics:8428/api/v1/write", [nameof(WriteUrl)]);
        }

        if (Kind == StoreKind.Prometheus && QueryUrl is null)
        {
            yield return new ValidationResult("is needed when kind is Prometheus, as http://victoria-metrics:8428", [nameof(QueryUrl)]);
        }

        if (Kind == StoreKind.Influx && Influx.Url is null)
        {
            yield return new ValidationResult("is needed when kind is Influx, as http://influxdb:8086", [$"{nameof(Influx)}:{nameof(Influx.Url)}"]);
        }
    }
}

[OptionsValidator]
internal sealed partial class StoreOptionsValidator : IValidateOptions<StoreOptions>;

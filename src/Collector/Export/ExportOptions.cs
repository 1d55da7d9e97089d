using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace NetPulse.Collector.Export;

public sealed class ExportOptions : IValidatableObject
{
    public const string Section = "export";

    /// <summary>Where readings are sent, any number of places at once; nowhere unless set. <c>/metrics</c> is there in any case.</summary>
    [ValidateEnumeratedItems]
    public List<DestinationOptions> Destinations { get; set; } = [];

    [ValidateObjectMembers]
    public SpoolOptions Spool { get; set; } = new();

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < Destinations.Count; i++)
        {
            if (!names.Add(Destinations[i].Name))
            {
                yield return new ValidationResult($"{Destinations[i].Name} names another destination already; each has a name of its own", [$"{nameof(Destinations)}[{i}].{nameof(DestinationOptions.Name)}"]);
            }
        }
    }
}

/// <summary>What waits while a destination is away.</summary>
public sealed class SpoolOptions
{
    /// <summary>Where readings wait on disk; in memory alone unless set. Made if it is not there; for this process alone.</summary>
    public string? Directory { get; set; }

    /// <summary>How much of the disk it may take: 1 MiB to 1 TiB; 256 MiB unless set. The oldest gives way.</summary>
    [Range(1L << 20, 1L << 40)]
    public long MaxBytes { get; set; } = 256 << 20;

    /// <summary>How old a reading may get: 1 min to 31 days; 1 day unless set. What is older is given up.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "31.00:00:00")]
    public TimeSpan MaxAge { get; set; } = TimeSpan.FromDays(1);

    /// <summary>Readings that may wait in memory: 4 to 10,000; 30 unless set. Without a directory the oldest gives way; 5,000 series take about 120 kB a reading.</summary>
    [Range(4, 10_000)]
    public int MemoryReadings { get; set; } = 30;
}

[OptionsValidator]
internal sealed partial class ExportOptionsValidator : IValidateOptions<ExportOptions>;

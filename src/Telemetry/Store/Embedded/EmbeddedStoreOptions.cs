using System.ComponentModel.DataAnnotations;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>Where and how long samples are kept. Whoever makes the store validates these.</summary>
public sealed class EmbeddedStoreOptions
{
    /// <summary>A directory of this store's own; made when it is not there. One process at a time.</summary>
    [Required]
    public string Directory { get; set; } = "";

    /// <summary>How long samples are kept: 1 h to 365 d; 7 d unless set. Whole days (UTC) are dropped, when all of the day is older.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "365.00:00:00")]
    public TimeSpan RetentionAge { get; set; } = TimeSpan.FromDays(7);

    /// <summary>Length of a log segment at which it is moved into day files, in bytes: 1 KiB to 1 GiB; 8 MiB unless set.</summary>
    [Range(1 << 10, 1 << 30)]
    public int SegmentBytes { get; set; } = 8 << 20;

    /// <summary>Samples of a log segment at which it is moved into day files: 100 to 16 million; 1 million unless set. Each takes 16 to 20 bytes of memory, twice while it is moved.</summary>
    [Range(100, 16_000_000)]
    public int SegmentSamples { get; set; } = 1_000_000;

    /// <summary>Age of a log segment at which it is moved into day files: 1 s to 1 d; 15 min unless set.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan SegmentAge { get; set; } = TimeSpan.FromMinutes(15);
}

using System.ComponentModel.DataAnnotations;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>Where and how long samples are kept. Whoever makes the store validates these.</summary>
public sealed class EmbeddedStoreOptions
{
    /// <summary>A directory of this store's own; made when it is not there. One process at a time.</summary>
    [Required]
    public string Directory { get; set; } = "";

    /// <summary>How long samples are kept: 1 h to 365 d; 7 d unless set. A day (UTC) is dropped when all of it is older and as many newer days have samples.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "365.00:00:00")]
    public TimeSpan RetentionAge { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How long roll-ups of five minutes are kept, at least as long as samples: 1 d to 3650 d; 90 d unless set.</summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "3650.00:00:00")]
    public TimeSpan RollUpAge { get; set; } = TimeSpan.FromDays(90);

    /// <summary>How long roll-ups of an hour are kept, at least as long as those of five minutes: 1 d to 3650 d; 730 d unless set. A month goes when all of it is older.</summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "3650.00:00:00")]
    public TimeSpan HourlyRollUpAge { get; set; } = TimeSpan.FromDays(730);

    /// <summary>Most bytes of all files of samples and of roll-ups together: beyond, those that end first are dropped, but never the newest day. 0, as it is unless set, for no limit.</summary>
    [Range(0d, 1e18)]
    public long RetentionBytes { get; set; }

    /// <summary>How much older than its series' newest sample, as far as the log goes back, a sample may be: 1 h to 365 d; 1 d unless set. What is older is dropped and counted.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "365.00:00:00")]
    public TimeSpan OutOfOrderWindow { get; set; } = TimeSpan.FromDays(1);

    /// <summary>Length of a log segment at which it is moved into day files, in bytes: 1 KiB to 1 GiB; 8 MiB unless set.</summary>
    [Range(1 << 10, 1 << 30)]
    public int SegmentBytes { get; set; } = 8 << 20;

    /// <summary>Samples of a log segment at which it is moved into day files: 100 to 16 million; 500,000 unless set. Each takes 13 to 20 bytes of memory, twice while it is moved.</summary>
    [Range(100, 16_000_000)]
    public int SegmentSamples { get; set; } = 500_000;

    /// <summary>Age of a log segment at which it is moved into day files: 1 s to 1 d; 15 min unless set.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan SegmentAge { get; set; } = TimeSpan.FromMinutes(15);
}

using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace NetPulse.Optimizer.Queries;

/// <summary>How much the query API gives one asker. A store that answers queries itself has limits of its own.</summary>
public sealed class QueryOptions
{
    /// <summary>Samples that one query may read and compute: 10,000 to 1,000,000,000; 20,000,000 unless set. Each takes 8 to 16 bytes of memory meanwhile.</summary>
    [Range(10_000L, 1_000_000_000L)]
    public long MaxSamples { get; set; } = 20_000_000;

    /// <summary>Series that one query may select, and one answer may list: 100 to 10,000,000; 200,000 unless set.</summary>
    [Range(100, 10_000_000)]
    public int MaxSeries { get; set; } = 200_000;

    /// <summary>How long one query may take, waiting for its turn included, and of values also sending: 1 s to 1 h; 1 min unless set. A query's own <c>timeout</c> can only be shorter.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Queries that are evaluated at the same time; more wait: 1 to 64; 4 unless set.</summary>
    [Range(1, 64)]
    public int Concurrent { get; set; } = 4;
}

[OptionsValidator]
internal sealed partial class QueryOptionsValidator : IValidateOptions<QueryOptions>;

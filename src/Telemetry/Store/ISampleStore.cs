using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;

namespace NetPulse.Telemetry.Store;

/// <summary>Where samples are kept.</summary>
public interface ISampleStore
{
    /// <summary>Keeps the samples. When this returns, they survive the end of the process.</summary>
    /// <exception cref="SampleStoreException">Nothing of this batch was acknowledged; whether to try again stands in it.</exception>
    ValueTask AppendAsync(IReadOnlyList<Sample> samples, CancellationToken cancellationToken);

    /// <summary>The matching series with at least one sample in the range, in no particular order.</summary>
    /// <exception cref="SampleStoreException">The store could not be read.</exception>
    ValueTask<IReadOnlyList<TimeSeries>> ReadAsync(SeriesSelector selector, TimeRange range, CancellationToken cancellationToken);

    /// <summary>
    /// As <see cref="ReadAsync"/>, but read as far as it is enumerated, which may wait for the disk and may fail: so a long answer need not be in memory as a whole.
    /// Each part's values are good until the next part is asked for.
    /// </summary>
    async ValueTask<IEnumerable<IReadOnlyList<TimeSeries>>> StreamAsync(SeriesSelector selector, TimeRange range, CancellationToken cancellationToken) =>
        [await ReadAsync(selector, range, cancellationToken)];

    /// <summary>The labels of the series that match any of the selectors and have at least one sample in the range, in no particular order.</summary>
    /// <param name="selectors">None of them, or one without matchers, is every series.</param>
    /// <exception cref="SampleStoreException">The store could not be read.</exception>
    ValueTask<IReadOnlyCollection<LabelSet>> SeriesAsync(IReadOnlyList<SeriesSelector> selectors, TimeRange range, CancellationToken cancellationToken);

    /// <summary>The names of the labels of <see cref="SeriesAsync"/>, each once, in no particular order.</summary>
    /// <exception cref="SampleStoreException">The store could not be read.</exception>
    async ValueTask<IReadOnlyCollection<string>> LabelNamesAsync(IReadOnlyList<SeriesSelector> selectors, TimeRange range, CancellationToken cancellationToken) =>
        (await SeriesAsync(selectors, range, cancellationToken)).SelectMany(static labels => labels.Labels.Select(static label => label.Name)).ToHashSet(StringComparer.Ordinal);

    /// <summary>The values of one label of <see cref="SeriesAsync"/>, each once, in no particular order.</summary>
    /// <exception cref="SampleStoreException">The store could not be read.</exception>
    async ValueTask<IReadOnlyCollection<string>> LabelValuesAsync(
        string name, IReadOnlyList<SeriesSelector> selectors, TimeRange range, CancellationToken cancellationToken) =>
        (await SeriesAsync(selectors, range, cancellationToken)).Select(labels => labels[name]).Where(static value => value.Length > 0).ToHashSet(StringComparer.Ordinal);

    /// <summary>What is kept in place of older samples; <see langword="null"/>: nothing, there are samples alone.</summary>
    RolledSpan? Rolled => null;

    /// <summary>
    /// The matching series' roll-ups that end in the range, in no particular order, read as far as they are enumerated. Where there are samples but no roll-ups these
    /// are made; where only roll-ups of another length are left these are given.
    /// </summary>
    /// <param name="withSketches">Whether their sketches are needed.</param>
    /// <exception cref="SampleStoreException">The store could not be read.</exception>
    ValueTask<IEnumerable<RolledSeries>> RollUpsAsync(
        SeriesSelector selector, TimeRange range, RollUpLength length, bool withSketches, CancellationToken cancellationToken) => ValueTask.FromResult<IEnumerable<RolledSeries>>([]);
}

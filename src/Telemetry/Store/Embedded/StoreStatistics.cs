namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>How an embedded store stands.</summary>
/// <param name="HeadSeries">Series with samples that are not in a day file yet; one that stands in two segments of the log counts twice.</param>
/// <param name="HeadSamples">Samples that are not in a day file yet.</param>
/// <param name="Segments">Segments of the log, the one being written included; more than two mean that flushing does not keep up.</param>
/// <param name="BytesOnDisk">All files of the store, when it was last opened or flushed.</param>
/// <param name="DamagedFiles">Files named <c>*.damaged</c> in the directory.</param>
/// <param name="DaysDropped">Day files deleted because of their age, since the start.</param>
/// <param name="SamplesDropped">Samples that were too old or too far ahead to be kept, or that went with their day file, since the start.</param>
public sealed record StoreStatistics(
    int HeadSeries, long HeadSamples, int Segments, long BytesOnDisk, int DamagedFiles, long DaysDropped, long SamplesDropped);

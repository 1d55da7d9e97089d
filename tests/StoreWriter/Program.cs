// Appends numbered samples to the store in the directory args[0], from the number args[1] on, and prints each number once it is acknowledged.
// Number n is two samples: series "today" at args[2] + n milliseconds, series "yesterday" a day before. The tests kill it at any moment.
using Microsoft.Extensions.Logging.Abstractions;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store;
using NetPulse.Telemetry.Store.Embedded;

var number = long.Parse(args[1]);
var start = long.Parse(args[2]);
var today = LabelSet.Of("today");
var yesterday = LabelSet.Of("yesterday");
try
{
    using var store = new EmbeddedStore(
        new EmbeddedStoreOptions { Directory = args[0], SegmentBytes = 1024 }, TimeProvider.System, NullLogger<EmbeddedStore>.Instance);
    while (true)
    {
        await store.AppendAsync(
            [
                new Sample(today, start + number, number),
                new Sample(yesterday, start + number - (long)TimeSpan.FromDays(1).TotalMilliseconds, number),
            ],
            CancellationToken.None);
        Console.WriteLine(number);
        number++;
    }
}
catch (SampleStoreException e)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}

using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store;
using NetPulse.Tests;

namespace NetPulse.Telemetry.Tests.Store.Embedded;

/// <summary>On a real file system that is really full: a small tmpfs of our own.</summary>
public sealed class FullDiskTests
{
    private static readonly LabelSet M = LabelSet.Of("m");

    [KernelFact]
    public async Task A_full_disk_acknowledges_nothing_and_goes_on_when_there_is_room()
    {
        using var disk = new SmallDisk();
        using var rig = new StoreRig(disk.Path);
        await rig.AppendAsync(new Sample(M, rig.Now, 0));
        disk.Fill();
        var acknowledged = 1;
        SampleStoreException? full = null;
        while (full is null)
        {
            try
            {
                await rig.AppendAsync(new Sample(M, rig.Now + acknowledged, acknowledged));
                acknowledged++;
            }
            catch (SampleStoreException e)
            {
                full = e;
            }
        }

        Assert.True(full.Retryable);
        Assert.Contains("the disk is full", full.Message, StringComparison.Ordinal);
        Assert.Equal(acknowledged, (await rig.ValuesAsync("m")).Length);
        var flush = await Assert.ThrowsAsync<SampleStoreException>(rig.FlushAsync);
        Assert.True(flush.Retryable);

        disk.MakeRoom();
        await rig.AppendAsync(new Sample(M, rig.Now + acknowledged, acknowledged));
        await rig.FlushAsync();
        rig.Reopen();
        Assert.Equal(Enumerable.Range(0, acknowledged + 1).Select(i => (double)i), await rig.ValuesAsync("m"));
        Assert.Equal(0, rig.Store.Statistics.DamagedFiles);
    }
}

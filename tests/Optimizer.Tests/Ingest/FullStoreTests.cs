using System.Net;
using NetPulse.Optimizer.Tests.Queries;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Tests;

namespace NetPulse.Optimizer.Tests.Ingest;

public sealed class FullStoreTests
{
    private static readonly LabelSet M = LabelSet.Of("m");

    [KernelFact]
    public async Task A_full_disk_is_told_with_507_while_queries_are_answered_and_taken_up_again_when_there_is_room()
    {
        using var disk = new SmallDisk();
        var rig = new ApiRig(disk.Path);
        await rig.InitializeAsync();
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        Assert.Equal(HttpStatusCode.NoContent, (await rig.RemoteWriteAsync(new Sample(M, now, 1))).Status);
        disk.Fill();
        var status = HttpStatusCode.NoContent;
        var body = "";
        for (var i = 1; status == HttpStatusCode.NoContent && i < 10_000; i++)
        {
            (status, body) = await rig.RemoteWriteAsync(new Sample(M, now + i, i));
        }

        Assert.Equal(HttpStatusCode.InsufficientStorage, status);
        Assert.Contains("the disk is full", body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.InsufficientStorage, (await rig.WriteAsync("/write", "m value=1")).Status);
        Assert.Contains("\"__name__\":\"m\"", (await rig.GetAsync("/api/v1/query?query=m")).Body, StringComparison.Ordinal);
        disk.MakeRoom();
        Assert.Equal(HttpStatusCode.NoContent, (await rig.RemoteWriteAsync(new Sample(M, now + 20_000, 2))).Status);
        await rig.DisposeAsync();
    }
}

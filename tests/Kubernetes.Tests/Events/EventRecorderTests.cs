using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using NetPulse.ApiServer;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Events;
using NetPulse.Kubernetes.Objects;
using NetPulse.Kubernetes.Tests.Client;
using NetPulse.Tests;

namespace NetPulse.Kubernetes.Tests.Events;

public sealed class EventRecorderTests
{
    private static readonly ObjectReference Target = new() { ApiVersion = "v1", Kind = "Pod", Namespace = "default", Name = "web-0", Uid = "u" };

    [Fact]
    public async Task The_same_again_becomes_a_series_and_something_else_an_event_of_its_own()
    {
        await using var server = await TestApiServer.StartAsync();
        using var client = TestClient.Of(server.Configuration());
        using var recorder = new EventRecorder(client, "netpulse.io/optimizer", "np-0", new TestClock(), NullLogger<EventRecorder>.Instance);
        var applied = new Occurrence(Target, Event.Normal, "Applied", "Apply", "receive window raised") { Related = Target with { Kind = "NetworkRecommendation", Name = "raise-window" } };
        recorder.Tell(applied);
        recorder.Tell(applied);
        recorder.Tell(applied);
        recorder.Tell(applied with { Severity = Event.Warning, Reason = "RolledBack", Action = "RollBack", Note = new string('x', 5000) });
        recorder.Complete();
        await recorder.RunAsync(CancellationToken.None);

        var events = (await client.ListAsync<Event>(ResourceQuery.All)).Items;
        Assert.Equal(2, events.Length);
        var first = events.Single(static e => e.Reason == "Applied");
        Assert.Equal((3, "Apply", "np-0", "raise-window"), (first.Series?.Count, first.Action, first.ReportingInstance, first.Related?.Name));
        var warning = events.Single(static e => e.Severity == Event.Warning);
        Assert.Equal((Event.LongestNoteBytes, '…'), (Encoding.UTF8.GetByteCount(warning.Note), warning.Note[^1]));
    }

    /// <summary>The server says characters and counts bytes.</summary>
    [Theory]
    [InlineData("ä")]
    [InlineData("…")]
    [InlineData("😀")]
    public async Task A_long_note_in_any_letters_is_cut_between_two_of_them(string letter)
    {
        await using var server = await TestApiServer.StartAsync();
        using var client = TestClient.Of(server.Configuration());
        using var recorder = new EventRecorder(client, "netpulse.io/optimizer", "np-0", new TestClock(), NullLogger<EventRecorder>.Instance);
        recorder.Tell(new Occurrence(Target, Event.Normal, "Applied", "Apply", $"x{string.Concat(Enumerable.Repeat(letter, 1000))}"));
        recorder.Complete();
        await recorder.RunAsync(CancellationToken.None);
        var note = Assert.Single((await client.ListAsync<Event>(ResourceQuery.All)).Items).Note;
        Assert.InRange(Encoding.UTF8.GetByteCount(note), Event.LongestNoteBytes - 4, Event.LongestNoteBytes);
        Assert.Equal("", note.Replace(letter, "", StringComparison.Ordinal).Trim('x', '…'));
    }

    [Fact]
    public async Task An_event_that_cannot_be_written_holds_nothing_up()
    {
        await using var server = await TestApiServer.StartAsync();
        server.Deny("create", "events");
        using var client = TestClient.Of(server.Configuration());
        using var recorder = new EventRecorder(client, "netpulse.io/optimizer", "np-0", new TestClock(), NullLogger<EventRecorder>.Instance);
        recorder.Tell(new Occurrence(Target, Event.Normal, "Applied", "Apply", "x"));
        recorder.Complete();
        await recorder.RunAsync(CancellationToken.None);
        server.Allow("create", "events");
        Assert.Empty((await client.ListAsync<Event>(ResourceQuery.All)).Items);
    }
}

"""PyTorch, with its fused layers. Speaks the protocol of protocol.ts."""

import array
import json
import os
import sys
import time

import torch
from torch import nn


class Model(nn.Module):
    def __init__(self, workload):
        super().__init__()
        layers = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
        sizes = workload["inputSize"], workload["hiddenSize"], workload["numLayers"]
        vocabulary, output_size = workload.get("vocabulary"), workload.get("outputSize")
        self.embedding = nn.Embedding(vocabulary, sizes[0]) if vocabulary else None
        self.rnn = layers[workload["cell"]](*sizes)
        self.head = nn.Linear(sizes[1], output_size) if output_size else None
        self.last_only = workload["lossAt"] == "lastStep"

    def forward(self, x, state=None):
        if self.embedding is not None:
            x = self.embedding(x)
        output, state = self.rnn(x, state)
        if self.last_only:
            output = output[-1]
        return (output if self.head is None else self.head(output)), state


def read_problem(problem):
    numbers = array.array("f")
    with open(problem["file"], "rb") as file:
        numbers.frombytes(file.read())
    everything = torch.tensor(numbers)
    tensors = {}
    for name, tensor in problem["tensors"].items():
        size = 1
        for extent in tensor["shape"]:
            size *= extent
        start = tensor["offset"]
        tensors[name] = everything[start : start + size].reshape(tensor["shape"]).clone()
    return tensors


def training_step(model, x, target, criterion):
    parameters = list(model.parameters())
    optimizer = torch.optim.Adam(parameters, lr=1e-3)

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = criterion(model(x)[0], target)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1)
        optimizer.step()
        return loss.item()

    return step


def forward_step(model, x):
    def step():
        with torch.inference_mode():
            return model(x)[0]

    return step


def sampling_step(model, uniforms):
    def step():
        loss, token, state = 0.0, torch.zeros(1, 1, dtype=torch.long), None
        with torch.inference_mode():
            for uniform in uniforms:
                logits, state = model(token, state)
                probabilities = torch.softmax(logits[0, 0], 0)
                drawn = torch.searchsorted(probabilities.cumsum(0), uniform, right=True)
                token = drawn.clamp(max=len(probabilities) - 1).reshape(1, 1)
                loss -= torch.log(probabilities[token[0, 0]])
        return float(loss) / len(uniforms)

    return step


def cross_entropy(output, target):
    return nn.functional.cross_entropy(output.flatten(0, -2), target.long().flatten())


def prepare(request):
    torch.set_num_threads(request["threads"])
    workload, tensors = request["workload"], read_problem(request["problem"])
    x, target = tensors.pop("input"), tensors.pop("target")
    x = x.long() if workload.get("vocabulary") else x
    model = Model(workload)
    model.load_state_dict(tensors)
    criterion = nn.functional.mse_loss if workload["loss"] == "mse" else cross_entropy
    if workload["task"] == "train":
        step = training_step(model, x, target, criterion)
        losses = [step() for _ in range(4)]
        losses = [losses[0], losses[3]]
    elif workload["task"] == "forward":
        step = forward_step(model, x)
        losses = [criterion(step(), target).item()]
    else:
        step = sampling_step(model, target)
        losses = [step()]
    return step, {"losses": losses, **describe_torch()}


def blas_libraries():
    """Debian's PyTorch multiplies with whatever BLAS is installed; elsewhere it brings its own."""
    if sys.platform != "linux":
        return set()
    with open("/proc/self/maps") as maps:
        return {line.split("/")[-1].strip() for line in maps if ".so" in line}


def describe_torch():
    """Its version and BLAS. The reference BLAS is many times too slow to compare with."""
    libraries = blas_libraries()
    fast = {"openblas": "OpenBLAS", "mkl": "MKL", "blis": "BLIS", "atlas": "ATLAS"}
    found = [fast[key] for key in fast if any(key in library for library in libraries)]
    slow = [library for library in libraries if library.startswith("libblas.so")]
    if slow and not found:
        reason = f"it computes the same loss, but multiplies with the reference BLAS ({slow[0]}); install libopenblas0-openmp"
        return {"version": torch.__version__, "unfit": reason}
    return {"version": ", ".join([torch.__version__, *found[:1]])}


def let_threads_sleep():
    """
    OpenBLAS with threads of its own (not OpenMP's) fights with PyTorch's idle OpenMP threads, which spin: with two
    threads it is then many times slower than with one. OpenMP reads the policy at its start, hence the new start.
    """
    has_own_threads = any("openblasp" in library for library in blas_libraries())
    if has_own_threads and "OMP_WAIT_POLICY" not in os.environ:
        os.environ["OMP_WAIT_POLICY"] = "passive"
        os.execv(sys.executable, [sys.executable, *sys.argv])


def run(step, milliseconds):
    times = []
    end = time.perf_counter() + milliseconds / 1000
    while not times or time.perf_counter() < end:
        start = time.perf_counter()
        step()
        times.append(round((time.perf_counter() - start) * 1000, 4))
    return {"ms": times}


def peak_bytes():
    """Linux counts per program; the portable number also counts what the parent held at the fork."""
    if sys.platform == "linux":
        with open("/proc/self/status") as status:
            line = next(line for line in status if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def main():
    let_threads_sleep()
    step = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["do"] == "prepare":
                step, answer = prepare(request)
            elif request["do"] == "run":
                answer = run(step, request["milliseconds"])
            else:
                answer = {"peakBytes": peak_bytes()}
        except Exception as error:  # the driver reports it, with the workload it happened in
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


main()

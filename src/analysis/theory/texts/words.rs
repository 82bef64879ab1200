//! Texts to look for, as one automaton: the trie of all of them, with what to go on with where none goes on (Aho and Corasick,
//! "Efficient string matching", 1975).

use crate::value::words::TextOp;
use std::collections::{HashMap, VecDeque};

/// The automaton of `is`, `contains`, `starts with` or `ends with` any of some folded texts.
#[derive(Clone, Debug)]
pub(super) struct Words {
    op: TextOp,
    nodes: Vec<Node>,
}

#[derive(Clone, Debug, Default)]
struct Node {
    next: HashMap<char, u32>,
    /// The longest proper ending that is a beginning too.
    fail: u32,
    /// A text ends here.
    ends: bool,
    /// A text ends here that may have begun later.
    suffix: bool,
}

/// Nothing that follows leads to a hit.
pub(super) const DEAD: u32 = u32::MAX;
/// Whatever follows, it is a hit.
pub(super) const HIT: u32 = u32::MAX - 1;

impl Words {
    pub fn new<'t>(op: TextOp, texts: impl IntoIterator<Item = &'t str>) -> Self {
        let mut nodes = vec![Node::default()];
        for text in texts {
            let mut at = 0;
            for character in text.chars() {
                let new = nodes.len() as u32;
                at = *nodes[at as usize].next.entry(character).or_insert(new);
                if at == new {
                    nodes.push(Node::default());
                }
            }
            nodes[at as usize].ends = true;
        }
        let mut words = Self { op, nodes };
        words.link();
        words
    }

    fn link(&mut self) {
        self.nodes[0].suffix = self.nodes[0].ends;
        let mut open: VecDeque<u32> = VecDeque::from([0]);
        while let Some(at) = open.pop_front() {
            let next: Vec<(char, u32)> = self.nodes[at as usize].next.iter().map(|(c, to)| (*c, *to)).collect();
            for (character, to) in next {
                let fail = if at == 0 { 0 } else { self.go_on(self.nodes[at as usize].fail, character) };
                let suffix = self.nodes[fail as usize].suffix;
                let node = &mut self.nodes[to as usize];
                node.fail = fail;
                node.suffix = node.ends || suffix;
                open.push_back(to);
            }
        }
    }

    fn go_on(&self, mut at: u32, character: char) -> u32 {
        loop {
            match self.nodes[at as usize].next.get(&character) {
                Some(&to) => return to,
                None if at == 0 => return 0,
                None => at = self.nodes[at as usize].fail,
            }
        }
    }

    pub fn start(&self) -> u32 {
        let hit = matches!(self.op, TextOp::Contains | TextOp::StartsWith) && self.nodes[0].ends;
        if hit { HIT } else { 0 }
    }

    pub fn step(&self, at: u32, character: char) -> u32 {
        if at == DEAD || at == HIT {
            return at;
        }
        match self.op {
            TextOp::Contains | TextOp::EndsWith => {
                let to = self.go_on(at, character);
                if self.op == TextOp::Contains && self.nodes[to as usize].suffix { HIT } else { to }
            }
            TextOp::Is | TextOp::StartsWith => match self.nodes[at as usize].next.get(&character) {
                None => DEAD,
                Some(&to) if self.op == TextOp::StartsWith && self.nodes[to as usize].ends => HIT,
                Some(&to) => to,
            },
        }
    }

    /// Whether a text that ends here is a hit.
    pub fn accepts(&self, at: u32) -> bool {
        match (at, self.op) {
            (HIT, _) => true,
            (DEAD, _) => false,
            (_, TextOp::EndsWith) => self.nodes[at as usize].suffix,
            (_, TextOp::Is) => self.nodes[at as usize].ends,
            (_, TextOp::Contains | TextOp::StartsWith) => false,
        }
    }
}
